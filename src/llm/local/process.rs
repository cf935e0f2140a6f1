//! What `frontdesk worker llm` runs.

use std::io;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use super::chat::Chat;
use super::embed::Encoder;
use super::protocol::{Detail, Request, Setup};
use super::rerank::{self, Desk};
use super::scheduler;
use crate::worker::child::{self, Port};
use crate::worker::sandbox;

/// Loads the models and serves requests until the parent goes away.
///
/// # Errors
/// When the pipe to the parent breaks.
pub fn run() -> io::Result<()> {
    let setup: Setup = child::init()?;
    let port = Port::default();
    let held = sandbox::enter(&setup.limits);
    send_logs_to_tracing(LogOptions::default().with_logs_enabled(false));
    let backend = match LlamaBackend::init() {
        Ok(backend) => backend,
        Err(e) => return port.refused(format!("llama.cpp cannot be started: {e}")),
    };
    let threads = i32::from(setup.threads.max(1));
    let chat_file = setup.chat.as_ref().map(|c| (&c.path, c.gpu_layers));
    let chat_model = load(&backend, chat_file, "chat");
    let embed_model = load(
        &backend,
        setup.embed.as_ref().map(|path| (path, 0)),
        "embedding",
    );
    let chat = match (&chat_model, setup.chat.clone()) {
        (Ok(model), Some(chat)) => Chat::new(&backend, model, chat, threads),
        (Err(reason), _) => Err(reason.clone()),
        (Ok(_), None) => Err(missing("chat")),
    };
    let encoder = match &embed_model {
        Ok(model) => Encoder::new(&backend, model, threads).and_then(|e| fitting(e, &setup)),
        Err(reason) => Err(reason.clone()),
    };
    let desk = match &setup.rerank {
        Some(rerank) => Desk::start(rerank, setup.threads, &port),
        None => Err(missing("re-ranking")),
    };
    let detail = Detail {
        chat: setup
            .chat
            .as_ref()
            .map(|_| chat.as_ref().map(Chat::window).map_err(Clone::clone)),
        embed: setup.embed.as_ref().map(|_| {
            encoder
                .as_ref()
                .map(Encoder::dimensions)
                .map_err(Clone::clone)
        }),
        rerank: setup.rerank.as_ref().map(|_| {
            let window = desk.as_ref().map(|_| Desk::window());
            window.map_err(Clone::clone)
        }),
        held,
    };
    let commands = rerank::divide(child::listen::<Request>(&port)?, desk, &port)?;
    port.ready(serde_json::to_string(&detail).map_err(io::Error::other)?)?;
    scheduler::run(&commands, &port, chat, encoder)
}

/// The index is made for vectors of one length.
fn fitting<'m>(encoder: Encoder<'m>, setup: &Setup) -> Result<Encoder<'m>, String> {
    if encoder.dimensions() == setup.dimensions {
        return Ok(encoder);
    }
    Err(format!(
        "the embedding model makes vectors of {} numbers and the index takes {}: choose another one, \
         such as all-minilm-l6-v2",
        encoder.dimensions(),
        setup.dimensions
    ))
}

fn missing(role: &str) -> String {
    format!("there is no {role} model; get one with `frontdesk models get`")
}

fn load(
    backend: &LlamaBackend,
    file: Option<(&std::path::PathBuf, u32)>,
    role: &str,
) -> Result<LlamaModel, String> {
    let (path, gpu_layers) = file.ok_or_else(|| missing(role))?;
    let params = LlamaModelParams::default().with_n_gpu_layers(gpu_layers);
    LlamaModel::load_from_file(backend, path, &params).map_err(|e| {
        format!(
            "the {role} model {} cannot be loaded: {e}; is there enough memory?",
            path.display()
        )
    })
}
