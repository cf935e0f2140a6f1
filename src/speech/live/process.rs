//! `frontdesk worker voice`: three threads that work, and one that hands out the requests.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use super::hear::{self, Inbox, Shelf};
use super::protocol::{Detail, Event, Request, Setup};
use super::queue::Job;
use super::say::{self, Choir};
use super::turn::{self, SmartTurn};
use crate::reason::Reason;
use crate::worker::child::{self, Command, Port};
use crate::worker::sandbox::{self, Kind};

/// Sends answers to the parent, and knows which requests are open.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    port: Port,
    open: Arc<Mutex<HashSet<u64>>>,
}

impl Answers {
    fn open(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_cancelled(&self, id: u64) -> bool {
        self.port.is_cancelled(id)
    }

    pub(super) fn send_part(&self, id: u64, event: &Event) -> io::Result<()> {
        self.port.event(id, event)
    }

    pub(super) fn send_last(&self, id: u64, event: &Event) -> io::Result<()> {
        self.port.event(id, event)?;
        self.end(id)
    }

    /// Closes a request that is answered or cancelled.
    pub(super) fn end(&self, id: u64) -> io::Result<()> {
        self.open().remove(&id);
        self.port.end(id)
    }
}

/// Hears, detects ends of turns and speaks until the parent goes away.
pub fn run() -> io::Result<()> {
    let setup: Setup = child::init()?;
    let answers = Answers::default();
    let held = sandbox::enter(Kind::Voice, &setup.limits);
    let (ears, turns, voices) = load(setup);
    let detail = Detail {
        held,
        hear: ears.as_ref().err().cloned(),
        turn: turns.as_ref().err().cloned(),
        say: voices.as_ref().err().cloned(),
    };
    let commands = child::listen::<Request>(&answers.port)?;
    let inbox = Arc::new(Inbox::default());
    let (to_turns, turns_asked) = mpsc::channel();
    let (to_voices, voices_asked) = mpsc::channel();
    if let Ok(shelf) = ears {
        let (inbox, answers) = (Arc::clone(&inbox), answers.clone());
        spawn_lane("hear", move || hear::run(&inbox, shelf, &answers))?;
    }
    if let Ok(model) = turns {
        let answers = answers.clone();
        spawn_lane("turn", move || turn::run(&turns_asked, &model, &answers))?;
    }
    if let Ok(choir) = voices {
        let answers = answers.clone();
        spawn_lane("say", move || say::run(&voices_asked, choir, &answers))?;
    }
    answers
        .port
        .ready(serde_json::to_string(&detail).map_err(io::Error::other)?)?;
    while let Ok(command) = commands.recv() {
        let (id, body) = match command {
            Command::Request { id, body } => (id, body),
            Command::Cancel { id } => {
                if inbox.cancel(id) {
                    answers.end(id)?;
                } else if !answers.open().contains(&id) {
                    // It was answered before the cancel arrived, so nobody else clears it.
                    child::forget(&answers.port, id);
                }
                continue;
            }
        };
        answers.open().insert(id);
        let missing = match body {
            Request::Hear { .. } => &detail.hear,
            Request::Turn(_) => &detail.turn,
            Request::Say(_) => &detail.say,
        };
        if let Some(reason) = missing {
            answers.send_last(id, &Event::Broken(reason.clone()))?;
            continue;
        }
        // Sending cannot fail: a thread that ends takes the process with it.
        match body {
            Request::Hear { utterance, model } => {
                for superseded in inbox.push(Job::new(id, utterance, model)) {
                    answers.end(superseded)?;
                }
            }
            Request::Turn(pcm) => drop(to_turns.send((id, pcm))),
            Request::Say(request) => drop(to_voices.send((id, request))),
        }
    }
    Ok(())
}

type Loaded = (
    Result<Shelf, Reason>,
    Result<SmartTurn, Reason>,
    Result<Choir, Reason>,
);

/// Loads everything in parallel; if one part fails, the others still serve.
fn load(setup: Setup) -> Loaded {
    let Setup {
        models,
        turn,
        voices,
        threads,
        ..
    } = setup;
    let died = || Reason::from("loading it ended early");
    thread::scope(|scope| {
        let ears = scope.spawn(move || Shelf::load(models, threads));
        let turns = scope.spawn(move || {
            let path = turn.ok_or("there is no end-of-turn model")?;
            SmartTurn::load(&path)
        });
        let voices = scope.spawn(move || Choir::load(voices, threads));
        (
            ears.join().unwrap_or_else(|_| Err(died())),
            turns.join().unwrap_or_else(|_| Err(died())),
            voices.join().unwrap_or_else(|_| Err(died())),
        )
    })
}

/// Starts a thread that serves. When it ends, for any reason, so does the process: the parent starts
/// another one, and nobody waits for an answer that will never come.
fn spawn_lane(
    name: &str,
    work: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    struct ExitOnDrop;
    impl Drop for ExitOnDrop {
        fn drop(&mut self) {
            std::process::exit(1);
        }
    }
    let body = move || {
        let _exit = ExitOnDrop;
        // An error means that the pipe broke: the parent is gone, so there is nobody to tell.
        let _ = work();
    };
    thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .map(drop)
}
