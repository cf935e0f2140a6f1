//! `frontdesk worker llm`.

use std::io;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use super::chat::Chat;
use super::embed::Encoder;
use super::encoder::{self, EncoderDesk};
use super::protocol::{Detail, EmbedSetup, Request, Setup};
use super::scheduler;
use crate::reason::Reason;
use crate::worker::child::{self, Port};
use crate::worker::sandbox::{self, Kind};

/// Loads the models and serves requests until the parent goes away.
pub fn run() -> io::Result<()> {
    let setup: Setup = child::init()?;
    let port = Port::default();
    let held = sandbox::enter(Kind::Llm, &setup.limits);
    // llama.cpp would log to standard error.
    send_logs_to_tracing(LogOptions::default().with_logs_enabled(false));
    let backend = match LlamaBackend::init() {
        Ok(backend) => backend,
        Err(e) => return port.refused(format!("llama.cpp cannot be started: {e}")),
    };
    let threads = i32::from(setup.threads.max(1));
    let chat_file = setup.chat.as_ref().map(|c| (&c.path, c.gpu_layers));
    let chat_model = load(&backend, chat_file, "chat");
    let gguf = setup.embed.as_ref().and_then(|embed| match embed {
        EmbedSetup::Gguf(path) => Some((path, 0)),
        EmbedSetup::Packed(_) => None,
    });
    let embed_model = load(&backend, gguf, "embedding");
    let chat = match (&chat_model, setup.chat.clone()) {
        (Ok(model), Some(chat)) => Chat::new(&backend, model, chat, threads),
        (Err(reason), _) => Err(reason.clone()),
        (Ok(_), None) => Err(missing_model("chat")),
    };
    let desk = EncoderDesk::start(
        setup.embed.as_ref(),
        [setup.reader.as_ref(), setup.spare_reader.as_ref()],
        setup.threads,
        &port,
    )?;
    let encoder = match &embed_model {
        Ok(model) => Encoder::new(&backend, model, threads).and_then(|encoder| {
            check_dimensions(encoder.dimensions(), setup.dimensions)?;
            Ok(encoder)
        }),
        Err(reason) => Err(reason.clone()),
    };
    let embed = match desk.dimensions.clone() {
        Some(made) => made.and_then(|made| check_dimensions(made, setup.dimensions)),
        None => encoder
            .as_ref()
            .map(Encoder::dimensions)
            .map_err(Clone::clone),
    };
    let detail = Detail {
        chat: setup
            .chat
            .as_ref()
            .map(|_| chat.as_ref().map(Chat::window).map_err(Clone::clone)),
        embed: setup.embed.as_ref().map(|_| embed),
        reader: setup.reader.as_ref().map(|_| desk.reader.clone()),
        held,
    };
    let commands = encoder::divide(child::listen::<Request>(&port)?, desk, &port)?;
    port.ready(serde_json::to_string(&detail).map_err(io::Error::other)?)?;
    scheduler::run(&commands, &port, chat, encoder)
}

/// Checks that the vectors have the length that the index expects.
fn check_dimensions(made: usize, taken: usize) -> Result<usize, Reason> {
    if made == taken {
        return Ok(made);
    }
    Err(format!(
        "the embedding model makes vectors of {made} numbers and the index takes {taken}: choose another \
         one, such as multilingual-e5-small-q4"
    )
    .into())
}

fn missing_model(role: &str) -> Reason {
    format!("there is no {role} model; get one with `frontdesk models get`").into()
}

fn load(
    backend: &LlamaBackend,
    file: Option<(&std::path::PathBuf, u32)>,
    role: &str,
) -> Result<LlamaModel, Reason> {
    let (path, gpu_layers) = file.ok_or_else(|| missing_model(role))?;
    let params = LlamaModelParams::default().with_n_gpu_layers(gpu_layers);
    LlamaModel::load_from_file(backend, path, &params).map_err(|e| {
        let path = path.display();
        let told =
            format!("the {role} model {path} cannot be loaded: {e}; is there enough memory?");
        Reason::told(told, e)
    })
}
