//! Pages at the address of an account of Kommo: the harness of a card and the files of the widget's package.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use frontdesk::http::crm::package;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::kommo::{HOST, SERVER};

/// The files of the widget's package, for a server elsewhere than Kommo's pages would ask.
pub fn files(address: &str) -> HashMap<String, String> {
    let packed = package::build(SERVER, None).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
    let mut files = HashMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut text = String::new();
        if file.read_to_string(&mut text).is_ok() {
            let path = format!("/widget/{}", file.name().unwrap());
            files.insert(path, text.replace(SERVER, &format!("http://{address}")));
        }
    }
    let fixtures = [
        ("/card.html", include_str!("fixtures/kommo/card.html")),
        ("/harness.js", include_str!("fixtures/kommo/harness.js")),
    ];
    for (path, text) in fixtures {
        files.insert(path.to_owned(), text.to_owned());
    }
    files
}

/// Serves files by HTTPS, as a browser needs for the address of an account; one request a connection.
pub async fn serve_card(files: HashMap<String, String>) -> u16 {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let files = Arc::new(files);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, files) = (acceptor.clone(), files.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(connection).await else {
                    return;
                };
                let (mut head, mut byte) = (Vec::new(), [0; 1]);
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut byte).await {
                        Ok(1) => head.push(byte[0]),
                        _ => return,
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or("/");
                let path = path.split('?').next().unwrap_or("/");
                let (status, text) = match files.get(path) {
                    Some(text) => ("200 OK", text.as_str()),
                    None => ("404 Not Found", ""),
                };
                let kind = match path.rsplit('.').next() {
                    Some("html") => "text/html; charset=utf-8",
                    Some("js") => "text/javascript; charset=utf-8",
                    Some("css") => "text/css; charset=utf-8",
                    _ => "application/json",
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
                    text.len()
                );
                let _closed = stream.write_all(answer.as_bytes()).await;
                let _closed = stream.shutdown().await;
            });
        }
    });
    port
}
