//! The child that reads documents.

use bytes::Bytes;

use super::{Reply, Request, Setup};
use crate::extract::ocr::{Eyes, Weights};
use crate::extract::{self, archive};
use crate::knowledge::faqs::read_pairs;
use crate::knowledge::looking::{self, LookJob};
use crate::reason::Reason;
use crate::worker::child::{self, Command, Port};
use crate::worker::priority;
use crate::worker::sandbox::{self, Kind};

fn load(weights: std::io::Result<Weights>, threads: usize) -> Result<Eyes, String> {
    let weights = weights.map_err(|error| {
        format!(
            "the text recognition cannot be loaded ({error}): fetch it again with `frontdesk models get {}`",
            looking::MODEL
        )
    })?;
    Eyes::load(weights, threads).map_err(|error| error.to_string())
}

/// Main loop of `frontdesk worker extract`: reads documents until the parent goes away.
///
/// # Errors
/// When the pipe to the parent breaks.
pub fn run() -> std::io::Result<()> {
    let setup: Setup = child::init()?;
    let port = Port::default();
    // In the sandbox there are no files, so the weights are read before it and loaded within.
    let weights = setup.eyes.as_ref().map(|eyes| Weights::read(&eyes.folder));
    if weights.is_some() {
        priority::lower();
    }
    let held = sandbox::enter(Kind::Extract, &setup.sandbox);
    let threads = setup.eyes.as_ref().map_or(1, |eyes| eyes.threads);
    let eyes = match weights.map(|weights| load(weights, threads)).transpose() {
        Ok(eyes) => eyes,
        Err(reason) => return port.refused(reason),
    };
    let commands = child::listen::<Request>(&port)?;
    let detail = serde_json::json!({"held": held});
    port.ready(detail.to_string())?;
    while let Ok(command) = commands.recv() {
        if let Command::Request { id, body } = command {
            let reply = match body {
                Request::Look { name, bytes, pages } => {
                    if let Some(eyes) = &eyes {
                        let job = LookJob { name, bytes, pages };
                        looking::answer(&port, id, eyes, &setup.limits, &job)?;
                    }
                    port.end(id)?;
                    continue;
                }
                Request::Read {
                    name,
                    bytes,
                    hidden,
                    seen,
                    judged,
                } => {
                    let limits = extract::Limits {
                        hidden,
                        ..setup.limits
                    };
                    let read = extract::extract_to_check(&bytes, &name, &limits, &seen, judged);
                    Reply::Text(read)
                }
                Request::Draw {
                    name,
                    bytes,
                    page,
                    spots,
                } => {
                    let drawn = extract::draw_spots(&bytes, &name, &setup.limits, page, &spots);
                    let sent = |all: Vec<Vec<u8>>| all.into_iter().map(Bytes::from).collect();
                    Reply::Drawn(drawn.map(|drawn| drawn.map(sent)))
                }
                Request::Unpack { bytes } => Reply::Files(archive::unpack(&bytes, &setup.limits)),
                Request::Faqs { name, bytes } => {
                    Reply::Faqs(read_pairs(&bytes, &name).map_err(Reason::of))
                }
            };
            port.event(id, &reply)?;
            port.end(id)?;
        }
    }
    Ok(())
}
