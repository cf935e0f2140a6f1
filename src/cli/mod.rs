//! The commands. Each parses its arguments, calls one thing, and prints.
//!
//! Exit codes: 0 done, 1 failed (the message says what to do), 2 wrong usage.
//!
//! A command is the file of its name. `api` calls the API of the running server (`remote`, `socket`), or the same API within this
//! process; `shared` finds folder, settings and runtime; `out` prints results and chains of causes. `serve` is the server, `worker`
//! its children, `talk` the kiosk; `standing` is `frontdesk` alone, `safe_mode` what is served if the database does not open.

mod admin;
mod analytics;
mod analyze;
mod api;
mod ask;
mod assistants;
mod backup;
mod backup_target;
mod calls;
mod completions;
mod doctor;
mod documents;
mod egress;
mod eval;
mod facts;
mod faq;
mod gaps;
mod https;
mod ingest;
mod kommo;
mod machine;
mod mail;
mod man;
mod models;
mod open;
mod out;
mod person;
mod plans;
mod providers;
mod quota;
mod receipts;
mod remote;
mod retention;
mod safe_mode;
mod search;
mod seed;
mod serve;
mod settings;
mod shared;
mod socket;
mod sources;
mod speak;
mod standing;
mod starter;
mod talk;
mod tools;
mod transcribe;
mod users;
mod worker;
mod workflows;
mod workspaces;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::PassphraseSource;
use crate::worker::sandbox;

/// The AI front desk that runs on your own machine: answers visitors from your own documents,
/// transcribes recordings, and serves a local API that OpenAI clients can use.
#[derive(Debug, Parser)]
#[command(
    name = "frontdesk",
    version,
    about,
    max_term_width = 100,
    after_help = "\
Getting started:
  frontdesk models get --starter default   fetch the starter models
  frontdesk serve                          start, then open the setup link that it prints
  frontdesk open                           open the console in the browser
  frontdesk ingest handbook.pdf prices.csv
  frontdesk sources add https://example.com --crawl
  frontdesk ask \"Are you open on Saturday?\""
)]
struct Cli {
    /// Without one, a terminal gets [`standing`].
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server: pages, API and engines
    Serve(serve::Args),
    /// Open the console of the running server in the browser
    Open(open::Args),
    /// Check this machine, its models and its data, and say what to improve
    Doctor(doctor::Args),
    /// List, fetch and check model files
    Models(models::Args),
    /// Add documents (files or folders)
    Ingest(ingest::Args),
    /// Questions with approved answers: import, list, add, approve, remove, export
    Faq(faq::Args),
    /// List documents, go back to an older version, remove
    Documents(documents::Args),
    /// Web pages as knowledge: add a page or a site, and keep it up to date
    Sources(sources::Args),
    /// Show what left this machine
    Egress(egress::Args),
    /// Services that may help this machine: set up, use, test, what they cost
    Providers(Box<providers::Args>),
    /// What assistants may do elsewhere: set up, import, try, allow, the log
    Tools(tools::Args),
    /// Ask a question and get an answer from the documents
    Ask(ask::Args),
    /// Find the passages of documents that fit a question
    Search(search::Args),
    /// Assistants: list, show, draft, publish, go back, copy, export, import, delete
    Assistants(assistants::Args),
    /// Measure the answers with questions whose answers are known
    Eval(Box<eval::Args>),
    /// List, show, export and delete calls
    Calls(calls::Args),
    /// List, show and export the receipts of answers
    Receipts(receipts::Args),
    /// List the questions that got no good answer, similar ones grouped
    Gaps(gaps::Args),
    /// Find or erase what is kept about a person
    Person(person::Args),
    /// Opening hours, holidays, address and telephone
    Facts(facts::Args),
    /// Workflows: list, export, import, try
    Workflows(workflows::Args),
    /// E-mail: the servers, a test, what was sent, and sending again what failed
    Mail(mail::Args),
    /// Kommo: the widget's package, connected accounts, back-fill of open leads
    Kommo(kommo::Args),
    /// Say what an exported conversation is about: summary, score, promises, next step
    #[command(visible_alias = "analyse")]
    Analyze(analyze::Args),
    /// What happened in a span of days: conversations, how they ended, people, topics, times
    Analytics(analytics::Args),
    /// What a workspace may use in this month, and what it used
    Quota(quota::Args),
    /// Plans: what workspaces may use in a month, who has which, and what all of them used
    Plans(plans::Args),
    /// Transcribe a recording
    Transcribe(transcribe::Args),
    /// Speak a text, into a file or over the loudspeaker
    Speak(speak::Args),
    /// Talk with the front desk at this machine's microphone and loudspeaker
    Talk(talk::Args),
    /// Encrypted backups: make, list, check, copy, restore
    Backup(backup::Args),
    /// Accounts, API keys and the setup link
    Admin(admin::Args),
    /// Show every setting with its value, its default and its variable
    Config(settings::Args),
    /// Print what a shell needs to complete these commands
    #[command(hide = true)]
    Completions(completions::Args),
    /// Write the manual pages of these commands
    #[command(hide = true)]
    Man(man::Args),
    /// Run an engine for the main process (started by Frontdesk itself)
    #[command(hide = true)]
    Worker(worker::Args),
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    // Only safe while there is no other thread.
    PassphraseSource::take();
    if let Err(sentence) = machine::check() {
        out::error(&sentence);
        return ExitCode::from(1);
    }
    let Some(command) = Cli::parse().command else {
        return without_command();
    };
    // Workers hold no keys, and the server must be able to read how much memory they use.
    if !matches!(command, Command::Worker(_)) {
        sandbox::keep_private();
        sandbox::keep_rights_here();
    }
    let outcome = match command {
        Command::Serve(args) => serve::run(args),
        Command::Open(args) => open::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Models(args) => models::run(args),
        Command::Ingest(args) => ingest::run(args),
        Command::Faq(args) => faq::run(args),
        Command::Documents(args) => documents::run(args),
        Command::Sources(args) => sources::run(args),
        Command::Egress(args) => egress::run(args),
        Command::Providers(args) => providers::run(*args),
        Command::Tools(args) => tools::run(args),
        Command::Ask(args) => ask::run(args),
        Command::Search(args) => search::run(args),
        Command::Assistants(args) => assistants::run(args),
        Command::Eval(args) => eval::run(*args),
        Command::Calls(args) => calls::run(args),
        Command::Receipts(args) => receipts::run(args),
        Command::Gaps(args) => gaps::run(args),
        Command::Person(args) => person::run(args),
        Command::Facts(args) => facts::run(args),
        Command::Workflows(args) => workflows::run(args),
        Command::Mail(args) => mail::run(args),
        Command::Kommo(args) => kommo::run(args),
        Command::Analyze(args) => analyze::run(args),
        Command::Analytics(args) => analytics::run(args),
        Command::Quota(args) => quota::run(args),
        Command::Plans(args) => plans::run(args),
        Command::Transcribe(args) => transcribe::run(args),
        Command::Speak(args) => speak::run(args),
        Command::Talk(args) => talk::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Admin(args) => admin::run(args),
        Command::Config(args) => settings::run(&args),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(())
        }
        Command::Man(args) => man::run(&args),
        Command::Worker(args) => worker::run(&args),
    };
    exit_code(outcome)
}

/// Tells a person where it stands; a program that calls it so has made a mistake.
fn without_command() -> ExitCode {
    if out::is_seen() {
        sandbox::keep_private();
        return exit_code(standing::run());
    }
    out::note(&Cli::command().render_help().to_string());
    ExitCode::from(2)
}

fn exit_code(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::error(&out::explain(&error));
            ExitCode::from(if error.is::<shared::WrongCall>() {
                2
            } else {
                1
            })
        }
    }
}
