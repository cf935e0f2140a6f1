//! Text recognition on files: a line of JSON for each page, with the lines, their confidence, the time and the memory.
//!
//! `cargo bench -p frontdesk-extract --bench ocr -- FILES…`, with the model in FRONTDESK_MODELS_DIR (`frontdesk models get
//! pp-ocrv6-tiny`).
//! With PICTURES=FOLDER each page is kept there as it was looked at (PPM). `benches/ocr.py` makes pages, runs this, counts
//! wrong letters and draws what was found.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measuring tool, run by hand"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use frontdesk_extract as extract;
use frontdesk_extract::ocr::{Eyes, Weights};
use frontdesk_extract::{ExtractError, Limits, Looked};
use serde_json::json;

/// Pages of one file that are looked at.
const MOST_PAGES: u32 = 20;

fn main() {
    let files: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let folder = std::env::var("FRONTDESK_MODELS_DIR").unwrap_or_default();
    let weights =
        Weights::read(Path::new(&folder)).unwrap_or_else(|e| panic!("FRONTDESK_MODELS_DIR: {e}"));
    let threads = std::env::var("THREADS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2);
    let began = Instant::now();
    let eyes = Eyes::load(weights, threads).unwrap();
    eprintln!(
        "loaded in {} ms, {} MB",
        began.elapsed().as_millis(),
        memory()
    );
    let pictures = std::env::var_os("PICTURES").map(PathBuf::from);
    for (at, file) in files.iter().enumerate() {
        let bytes = std::fs::read(file).unwrap();
        let limits = Limits::default();
        let pages = match extract::extract(&bytes, file, &limits) {
            Ok(out) => out.scans,
            Err(ExtractError::Pictures { pages }) => pages,
            Err(error) => {
                println!("{}", json!({"file": file, "error": error.to_string()}));
                continue;
            }
        };
        let mut seen = Vec::new();
        for page in pages.into_iter().filter(|page| *page <= MOST_PAGES) {
            let (began, ticks) = (Instant::now(), processor_time());
            let wanted = [page];
            let pages = (&wanted[..], Duration::from_secs(300));
            let outcome = extract::look(&bytes, file, &limits, &eyes, pages, |looked| {
                let seconds = began.elapsed().as_secs_f64();
                let spent = processor_time() - ticks;
                let mut told = json!({"file": file, "page": page, "seconds": seconds,
                                      "processor": spent, "memory": memory()});
                match looked {
                    Looked::Seen(page) => {
                        let lines = page.lines.iter().map(|l| {
                            json!({"text": l.text(), "confidence": l.confidence, "corners": l.corners,
                                   "doubtful": l.is_doubtful()})
                        });
                        told["lines"] = lines.collect();
                        told["size"] = json!([page.width, page.height]);
                        told["grids"] = json!(page.grids);
                        if let Some(folder) = &pictures {
                            let path = folder.join(format!("{at}-{}.ppm", page.page));
                            keep_picture(&bytes, file, page.page, &path);
                            told["picture"] = json!(path);
                        }
                        seen.push(page);
                    }
                    Looked::Unread { reason, .. } => told["unread"] = reason.into(),
                }
                println!("{told}");
                Ok::<(), ExtractError>(())
            });
            if let Err(error) = outcome {
                println!("{}", json!({"file": file, "error": error.to_string()}));
            }
        }
        match extract::extract_seen(&bytes, file, &limits, &seen) {
            Ok(out) => println!(
                "{}",
                json!({"file": file, "blocks": out.blocks, "kept_back": out.kept_back})
            ),
            Err(error) => println!("{}", json!({"file": file, "error": error.to_string()})),
        }
    }
}

fn keep_picture(bytes: &[u8], name: &str, page: u32, path: &Path) {
    let drawn = extract::page_picture(bytes, name, &Limits::default(), page);
    let (picture, _) = drawn.unwrap().unwrap();
    let mut ppm = format!("P6 {} {} 255\n", picture.width, picture.height).into_bytes();
    ppm.extend(picture.rgb);
    std::fs::write(path, ppm).unwrap();
}

/// The most memory of this process so far, in MB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    let kb = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}

/// Seconds of all threads of this process, from the 14th and 15th field of `/proc/self/stat`, in ticks of 10 ms.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}
