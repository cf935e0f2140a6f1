//! Reading of documents over a folder of files: what was read, how well, how fast, with how much memory.
//! Each file is read in a process of its own with the limits that the product sets.
//!
//! `cargo bench --bench extract -- FOLDER [--list]`
//!
//! `FOLDER/manifest.jsonl` names a file in each line: `file`, `kind`, and `reference`, the path of its text
//! as people know it to be. Token F1 compares bags of lower-case words; the names of columns, which are
//! repeated in each row of a table, count once for each table. A reference in Markdown has the addresses of links, which
//! nobody sees on a page: the last column leaves them out. `--list` prints a line for each file.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use frontdesk::extract::{self, Block, BlockKind};
use frontdesk::worker::sandbox;
use serde::{Deserialize, Serialize};

/// Memory and CPU time of one document, as in the settings' defaults.
const MEMORY_BYTES: u64 = 512 << 20;
const CPU_SECONDS: u64 = 60;

#[derive(Deserialize)]
struct Entry {
    file: String,
    kind: String,
    reference: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Outcome {
    error: Option<String>,
    pages: u32,
    blocks: Vec<Block>,
    ms: u128,
    peak_kb: u64,
}

#[derive(Default)]
struct Sum {
    files: usize,
    read: usize,
    refused: BTreeMap<String, usize>,
    died: usize,
    pages: u32,
    ms: u128,
    slowest_ms: u128,
    peak_kb: u64,
    scores: Vec<[f64; 3]>,
    /// As `scores`, without the addresses of links in the reference.
    seen: Vec<[f64; 3]>,
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    match (args.next(), args.next()) {
        (Some(flag), Some(file)) if flag == "--one" => one(Path::new(&file)),
        (Some(folder), list) => all(Path::new(&folder), list.is_some()),
        _ => println!("give the folder: cargo bench --bench extract -- FOLDER [--list]"),
    }
}

/// The child: reads one file and prints what came of it as JSON.
fn one(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    // A reader opens no file any more.
    let mut status = std::fs::File::open("/proc/self/status").unwrap();
    let limits = sandbox::Limits {
        memory_bytes: Some(MEMORY_BYTES),
        cpu_seconds: Some(CPU_SECONDS),
        ..sandbox::Limits::default()
    };
    sandbox::enter(sandbox::Kind::Extract, &limits);
    let start = Instant::now();
    let name = path.file_name().unwrap().to_string_lossy();
    let read = extract::extract(&bytes, &name, &extract::Limits::default());
    let ms = start.elapsed().as_millis();
    let mut figures = String::new();
    status.read_to_string(&mut figures).unwrap();
    let peak_kb = figures
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0);
    let outcome = match read {
        Ok(read) => Outcome {
            error: None,
            pages: read.pages.unwrap_or(1),
            blocks: read.blocks,
            ms,
            peak_kb,
        },
        Err(e) => Outcome {
            error: Some(e.to_string()),
            pages: 0,
            blocks: Vec::new(),
            ms,
            peak_kb,
        },
    };
    println!("{}", serde_json::to_string(&outcome).unwrap());
}

fn all(folder: &Path, list: bool) {
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let program = std::env::current_exe().unwrap();
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for line in manifest.lines() {
        let entry: Entry = serde_json::from_str(line).unwrap();
        let path: PathBuf = folder.join(&entry.file);
        let extension = entry.file.rsplit('.').next().unwrap_or_default();
        let group = match entry.kind.as_str() {
            "normal" => extension.to_owned(),
            kind => format!("{extension} ({kind})"),
        };
        let sum = sums.entry(group).or_default();
        sum.files += 1;
        let start = Instant::now();
        let child = Command::new(&program)
            .arg("--one")
            .arg(&path)
            .output()
            .unwrap();
        let Ok(outcome) = serde_json::from_slice::<Outcome>(&child.stdout) else {
            sum.died += 1;
            println!(
                "DIED {} after {} ms",
                entry.file,
                start.elapsed().as_millis()
            );
            continue;
        };
        sum.pages += outcome.pages;
        sum.ms += outcome.ms;
        sum.slowest_ms = sum.slowest_ms.max(outcome.ms);
        sum.peak_kb = sum.peak_kb.max(outcome.peak_kb);
        let reference = entry.reference.map(|r| {
            let bytes = std::fs::read(folder.join(r)).unwrap();
            without_markup(&String::from_utf8_lossy(&bytes))
        });
        let score_of = |text: &str| score(text, &outcome.blocks);
        let score = reference.as_deref().and_then(score_of);
        let seen = reference.map(|text| without_addresses(&text));
        let seen = seen.as_deref().and_then(score_of);
        sum.scores.extend(score);
        sum.seen.extend(seen);
        match &outcome.error {
            None => sum.read += 1,
            Some(reason) => *sum.refused.entry(reason.clone()).or_default() += 1,
        }
        if list {
            println!(
                "{} F1 {} seen {} {} ms {} MB {}",
                entry.file,
                score.map_or("-".into(), |[r, p, f]| format!(
                    "{f:.3} (r {r:.3} p {p:.3})"
                )),
                seen.map_or("-".into(), |[_, _, f]| format!("{f:.3}")),
                outcome.ms,
                outcome.peak_kb >> 10,
                outcome.error.unwrap_or_default()
            );
        }
    }
    print_table(&sums);
}

fn print_table(sums: &BTreeMap<String, Sum>) {
    println!(
        "| format | files | read | refused | died | pages | pages/s | token F1 (recall, precision; n) | without addresses | slowest | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (group, sum) in sums {
        let refused: usize = sum.refused.values().sum();
        let n = sum.scores.len();
        let mean = |i: usize| sum.scores.iter().map(|s| s[i]).sum::<f64>() / n as f64;
        let f1 = match n {
            0 => "-".to_owned(),
            _ => format!("{:.3} ({:.3}, {:.3}; {n})", mean(2), mean(0), mean(1)),
        };
        let seen = match sum.seen.len() {
            0 => "-".to_owned(),
            n => format!(
                "{:.3}",
                sum.seen.iter().map(|s| s[2]).sum::<f64>() / n as f64
            ),
        };
        println!(
            "| {group} | {} | {} | {refused} | {} | {} | {:.0} | {f1} | {seen} | {} ms | {} MB |",
            sum.files,
            sum.read,
            sum.died,
            sum.pages,
            f64::from(sum.pages) * 1e3 / (sum.ms.max(1) as f64),
            sum.slowest_ms,
            sum.peak_kb >> 10
        );
    }
    for (group, sum) in sums {
        for (reason, count) in &sum.refused {
            println!("{group}: {count} × {reason}");
        }
    }
}

/// Recall, precision and F1 of the words; none if the reference says nothing.
fn score(reference: &str, blocks: &[Block]) -> Option<[f64; 3]> {
    let expected = words(reference);
    if expected.len() < 3 {
        return None;
    }
    let found = words(&said_once(blocks));
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for word in &expected {
        *counts.entry(word).or_default() += 1;
    }
    let mut common = 0.0;
    for word in &found {
        if let Some(left) = counts.get_mut(word.as_str()).filter(|left| **left > 0) {
            *left -= 1;
            common += 1.0;
        }
    }
    let (recall, precision) = (
        common / expected.len() as f64,
        common / (found.len().max(1) as f64),
    );
    let f1 = if common > 0.0 {
        2.0 * recall * precision / (recall + precision)
    } else {
        0.0
    };
    Some([recall, precision, f1])
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A Markdown reference without its pictures and comments.
fn without_markup(text: &str) -> String {
    let text = cut(text, "<!--", "-->");
    let text = cut(&text, "![", ")");
    cut(&text, "data:image", " ")
}

/// A Markdown reference without the addresses of its links, which may have brackets in them.
fn without_addresses(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        out.push_str(before);
        out.push(' ');
        let mut depth = 1;
        let end = after.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    out + rest
}

fn cut(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(from) {
        out.push_str(before);
        out.push(' ');
        rest = after.split_once(to).map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// The text with the names of columns once for each table.
fn said_once(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut names: Vec<String> = Vec::new();
    for block in blocks {
        if block.kind != BlockKind::TableRow {
            names.clear();
            out.push_str(&block.text);
            out.push('\n');
            continue;
        }
        for cell in block.text.split(" | ") {
            match cell.split_once(": ") {
                Some((name, value)) if names.iter().any(|n| n == name) => out.push_str(value),
                Some((name, _)) => {
                    names.push(name.to_owned());
                    out.push_str(cell);
                }
                None => out.push_str(cell),
            }
            out.push('\n');
        }
    }
    out
}
