//! What goes out: methods, bodies in parts, secrets.

use std::sync::Mutex;

use reqwest::header::{AUTHORIZATION, HeaderName};

use super::*;

/// The requests a server got, one text each.
type Asked = Arc<Mutex<Vec<String>>>;

/// A server that records each request (head and body) and sends these answers in turn, repeating the last.
async fn listening(answers: Vec<String>) -> (u16, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut turn = 0;
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut text = String::new();
            loop {
                let mut piece = [0; 4096];
                let read = socket.read(&mut piece).await.unwrap_or(0);
                text.push_str(&String::from_utf8_lossy(&piece[..read]));
                if read == 0 || is_whole(&text) {
                    break;
                }
            }
            noted.lock().unwrap().push(text);
            let answer = &answers[turn.min(answers.len() - 1)];
            turn += 1;
            let _gone = socket.write_all(answer.as_bytes()).await;
        }
    });
    (port, asked)
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.to_lowercase();
    let length = length
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn fine() -> String {
    String::from_utf8(ok(b"done", "")).unwrap()
}

fn leads_to(status: u16, target: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
}

pub(super) fn at(port: u16, path: &str) -> url::Url {
    format!("http://127.0.0.1:{port}{path}").parse().unwrap()
}

pub(super) fn to(method: Method, url: url::Url) -> Request {
    Request::new(Purpose::Backup, method, url)
}

#[tokio::test]
async fn every_method_and_each_part_of_a_body_go_out_and_the_ledger_names_their_kinds() {
    let (port, asked) = listening(vec![fine()]).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let url = at(port, "/x?a=b");
    for (method, name) in [
        (Method::Get, "GET"),
        (Method::Head, "HEAD"),
        (Method::Post, "POST"),
        (Method::Put, "PUT"),
        (Method::Patch, "PATCH"),
        (Method::Delete, "DELETE"),
    ] {
        let mut request = to(method, url.clone());
        let with_body = !method.is_safe();
        if with_body {
            let secret = Sealed::to(&url, Secret::new("hunter2"));
            request.body = vec![
                Part::new(Class::Customer, "to=ann&key="),
                Part::secret(secret),
                Part::new(Class::Encrypted, "&x=1"),
            ];
        }
        let response = bench.gateway.send(request).await.unwrap();
        assert_eq!(response.status, 200);
        response.discard().await.unwrap();
        let text = asked.lock().unwrap().pop().unwrap();
        assert!(
            text.starts_with(&format!("{name} /x?a=b HTTP/1.1\r\n")),
            "{text}"
        );
        assert_eq!(
            text.ends_with("to=ann&key=hunter2&x=1"),
            with_body,
            "{text}"
        );
        let row = &bench.ledger().await[0];
        assert_eq!(row.method, name);
        let kinds = if with_body {
            "metadata, customer, credential, encrypted"
        } else {
            "metadata"
        };
        assert_eq!(row.data, kinds);
        let size = row.outcome.bytes_sent.unsigned_abs();
        assert!(
            size.abs_diff(text.len() as u64) < 40,
            "{size} of {}",
            text.len()
        );
        assert!(!format!("{row:?}").contains("hunter2"), "{row:?}");
    }
}

#[tokio::test]
async fn secrets_go_along_and_are_written_down_nowhere() {
    let (port, asked) = listening(vec![fine()]).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let url = at(port, "/x?list=1");
    let mut request = to(Method::Get, url.clone());
    let sealed = |text: &str| Sealed::to(&url, Secret::new(text));
    request.secrets = vec![
        (Carrier::Header(AUTHORIZATION), sealed("Bearer hunter2")),
        (Carrier::Query, sealed("sig=s3cret")),
    ];
    assert!(!format!("{request:?}").contains("hunter2"));
    assert!(!format!("{request:?}").contains("s3cret"));
    let response = bench.gateway.send(request).await.unwrap();
    assert!(!response.url.as_str().contains("s3cret"));
    response.discard().await.unwrap();
    let text = asked.lock().unwrap().pop().unwrap();
    assert!(
        text.starts_with("GET /x?list=1&sig=s3cret HTTP/1.1\r\n"),
        "{text}"
    );
    assert!(text.contains("authorization: Bearer hunter2\r\n"), "{text}");
    let row = format!("{:?}", bench.ledger().await);
    assert!(!row.contains("s3cret") && !row.contains("hunter2"), "{row}");
    assert!(row.contains("metadata, credential"), "{row}");
}

#[tokio::test]
async fn an_error_does_not_tell_the_secret_either() {
    // Nobody listens at a port that was given back.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let url = at(port, "/");
    let mut request = to(Method::Put, url.clone());
    request.secrets = vec![(Carrier::Query, Sealed::to(&url, Secret::new("sig=s3cret")))];
    let error = bench.gateway.send(request).await.err().unwrap();
    let told = format!("{error} {error:?} {:?}", bench.ledger().await);
    assert!(
        told.contains("could not be reached") && !told.contains("s3cret"),
        "{told}"
    );
}

#[tokio::test]
async fn a_secret_does_not_follow_to_another_server_nor_go_to_one_in_the_clear() {
    let (second, second_asked) = listening(vec![fine()]).await;
    let (first, first_asked) = listening(vec![leads_to(302, at(second, "/b").as_str())]).await;
    let allow = format!("127.0.0.1:{first}, 127.0.0.1:{second}");
    let own = bench(&allow, &[("open.example", &["1.1.1.1"])]);
    let header = |for_url: &url::Url| {
        let name = HeaderName::from_static("x-key");
        (
            Carrier::Header(name),
            Sealed::to(for_url, Secret::new("hunter2")),
        )
    };
    let mut request = to(Method::Get, at(first, "/a"));
    request.secrets = vec![header(&request.url)];
    own.gateway
        .send(request)
        .await
        .unwrap()
        .discard()
        .await
        .unwrap();
    assert!(first_asked.lock().unwrap()[0].contains("hunter2"));
    let followed = second_asked.lock().unwrap().pop().unwrap();
    assert!(
        followed.starts_with("GET /b") && !followed.contains("hunter2"),
        "{followed}"
    );
    assert_eq!(own.ledger().await[0].data, "metadata");

    // Sealed for another server than the one that is asked.
    let mut wrong = to(Method::Get, at(first, "/a"));
    wrong.secrets = vec![header(&at(second, "/"))];
    let error = own.gateway.send(wrong).await.err().unwrap();
    assert!(matches!(error, EgressError::Secret { .. }), "{error}");

    let mut clear = to(Method::Get, "http://open.example/".parse().unwrap());
    clear.secrets = vec![header(&clear.url)];
    let error = own.gateway.send(clear).await.err().unwrap();
    assert!(error.to_string().contains("https://"), "{error}");
    for row in &own.ledger().await[..2] {
        assert!(
            row.outcome.error.is_some() && row.outcome.bytes_sent == 0,
            "{row:?}"
        );
    }
}

#[tokio::test]
async fn what_changes_something_is_repeated_on_its_own_server_only() {
    let (second, second_asked) = listening(vec![fine()]).await;
    for (status, target, repeats) in [
        (307, "/next".to_owned(), Some("PUT /next")),
        (303, "/next".to_owned(), Some("GET /next")),
        (307, at(second, "/").to_string(), None),
        (302, at(second, "/").to_string(), None),
    ] {
        let (first, asked) = listening(vec![leads_to(status, &target), fine()]).await;
        let own = bench(&format!("127.0.0.1:{first}, 127.0.0.1:{second}"), &[]);
        let mut request = to(Method::Put, at(first, "/a"));
        request.body = vec![Part::new(Class::Business, "words")];
        let outcome = own.gateway.send(request).await;
        let asked = asked.lock().unwrap().clone();
        match repeats {
            Some(line) => {
                assert_eq!(outcome.unwrap().status, 200);
                assert!(asked[1].starts_with(line), "{asked:?}");
                assert_eq!(
                    asked[1].ends_with("words"),
                    line.starts_with("PUT"),
                    "{asked:?}"
                );
            }
            None => {
                let error = outcome.err().unwrap();
                assert!(error.to_string().contains("another server"), "{error}");
                assert_eq!(asked.len(), 1);
            }
        }
    }
    assert!(second_asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_signed_address_is_not_followed_and_too_large_a_body_is_not_sent() {
    let (port, asked) = listening(vec![leads_to(302, "/y?sig=s3cret")]).await;
    let own = bench(&format!("127.0.0.1:{port}"), &[]);
    let mut signed = to(Method::Get, at(port, "/x"));
    signed.secrets = vec![(
        Carrier::Query,
        Sealed::to(&signed.url, Secret::new("sig=s3cret")),
    )];
    let response = own.gateway.send(signed).await.unwrap();
    assert_eq!(response.status, 302);
    response.discard().await.unwrap();
    assert_eq!(own.ledger().await.len(), 1);

    let mut large = to(Method::Post, at(port, "/x"));
    large.limits.sent = 9;
    large.body = vec![Part::new(Class::Public, "ten bytes.")];
    let error = own.gateway.send(large).await.err().unwrap();
    assert!(
        matches!(error, EgressError::TooMuch { limit: 9, .. }),
        "{error}"
    );
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn without_redirects_one_is_a_response_and_own_headers_go_to_the_first_address_only() {
    let (port, asked) = listening(vec![leads_to(307, "/y"), leads_to(307, "/y"), fine()]).await;
    let own = bench(&format!("127.0.0.1:{port}"), &[]);
    let mut request = to(Method::Post, at(port, "/x"));
    request.headers = vec![("webhook-id", "msg_1".into())];
    request.body = vec![Part::new(Class::Customer, "words")];
    request.limits.redirects = 0;
    let response = own.gateway.send(request.clone()).await.unwrap();
    assert_eq!(response.status, 307);
    response.discard().await.unwrap();
    request.limits.redirects = 1;
    assert_eq!(own.gateway.send(request.clone()).await.unwrap().status, 200);
    let told: Vec<bool> = (asked.lock().unwrap().iter())
        .map(|asked| asked.contains("webhook-id: msg_1"))
        .collect();
    assert_eq!(told, [true, true, false]);
    assert_eq!(own.ledger().await[0].data, "metadata, customer");

    request.headers = vec![("webhook-id", "two\nlines".into())];
    assert!(own.gateway.send(request).await.is_err());
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn an_address_is_checked_before_anything_is_sent() {
    let own = bench("127.0.0.1:8099", &[]);
    let check = |url: &str| own.gateway.check(Purpose::Webhook, &url.parse().unwrap());
    assert!(check("http://127.0.0.1:8099/hook").unwrap());
    assert!(!check("https://hooks.example/x").unwrap());
    for refused in [
        "http://10.0.0.1/",
        "https://u:p@hooks.example/",
        "ftp://hooks.example/",
    ] {
        assert!(check(refused).is_err(), "{refused}");
    }
    assert!(own.ledger().await.is_empty());
}

#[tokio::test]
async fn what_an_address_tells_of_people_is_sent_and_stays_out_of_the_ledger() {
    let (port, asked) = listening(vec![fine()]).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let request = Request {
        recorded: Some(at(port, "/orders/%7Bphone%7D")),
        beside: vec![Class::Customer],
        named_headers: vec![(HeaderName::from_static("x-caller"), "Ada".to_owned())],
        ..to(Method::Report, at(port, "/orders/4930123?of=ada"))
    };
    bench
        .gateway
        .send(request)
        .await
        .unwrap()
        .discard()
        .await
        .unwrap();
    let asked = asked.lock().unwrap().clone();
    assert!(
        asked[0].starts_with("REPORT /orders/4930123?of=ada HTTP/1.1"),
        "{}",
        asked[0]
    );
    assert!(asked[0].contains("x-caller: Ada"));
    let row = &bench.ledger().await[0];
    assert!(row.url.ends_with("/orders/%7Bphone%7D"), "{}", row.url);
    assert_eq!(
        (row.data.as_str(), row.method.as_str()),
        ("metadata, customer", "REPORT")
    );
}
