//! A benchmark of the doctor: reads programs in JSON, each one training run, and scores what is found.
//!
//! A program describes data, labels, model, start, optimizer, a possible fault, and how rows reach the model
//! later. Run it with `cargo run --release --example doctor_bench -- FILE.json`, and with identifiers behind
//! the file for some of its programs.
//!
//! The doctor was developed on `doctor_bench/programs/develop.json`. The data sets, architectures and kinds of
//! fault in `held_out.json` beside it are others, and no criterion was set by it.
//! `real.json` holds programs rebuilt from public questions. Their `source`,
//! `question`, `answer` and `note` say where each is from, what its answer gave as the cause, and what was
//! made smaller.
//!
//! - `--facts` prints what each run reaches, and makes no findings.
//! - `--twins` takes the healthy twin of each program that has one.
//! - `--reports` prints each diagnosis.
//! - `--export DIRECTORY` writes the rows of each program as CSV files.
//! - `--threads N` judges N programs at a time.
//! - `--rules NAME` scores the published rules of another tool in place of the doctor: `autotrainer`,
//!   `deepdiagnosis`, `deeplocalize` or `umlaut`.

#[path = "doctor_bench/baselines/mod.rs"]
mod baselines;
#[path = "doctor_bench/data.rs"]
mod data;
#[path = "doctor_bench/data_schema.rs"]
mod data_schema;
#[path = "doctor_bench/export.rs"]
mod export;
#[path = "doctor_bench/facts.rs"]
mod facts;
#[path = "doctor_bench/faults.rs"]
mod faults;
#[path = "doctor_bench/formulas.rs"]
mod formulas;
#[path = "doctor_bench/interval.rs"]
mod interval;
#[path = "doctor_bench/judge.rs"]
mod judge;
#[path = "doctor_bench/kinds.rs"]
mod kinds;
#[path = "doctor_bench/layers.rs"]
mod layers;
#[path = "doctor_bench/loss.rs"]
mod loss;
#[path = "doctor_bench/method.rs"]
mod method;
#[path = "doctor_bench/model_schema.rs"]
mod model_schema;
#[path = "doctor_bench/network.rs"]
mod network;
#[path = "doctor_bench/operations.rs"]
mod operations;
#[path = "doctor_bench/prepare.rs"]
mod prepare;
#[path = "doctor_bench/program.rs"]
mod program;
#[path = "doctor_bench/random.rs"]
mod random;
#[cfg(test)]
#[path = "doctor_bench/reference.rs"]
mod reference;
#[path = "doctor_bench/scaling.rs"]
mod scaling;
#[path = "doctor_bench/score.rs"]
mod score;
#[path = "doctor_bench/start.rs"]
mod start;
#[path = "doctor_bench/targets.rs"]
mod targets;
#[cfg(test)]
#[path = "doctor_bench/tests.rs"]
mod tests;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use logit::doctor::Code;

use baselines::Tool;
use facts::Facts;
use prepare::Prepared;
use program::Entry;
use score::{Judged, Score};

/// What the command line asks for.
#[derive(Debug, Default)]
struct Request {
    file: PathBuf,
    ids: Vec<String>,
    facts: bool,
    twins: bool,
    reports: bool,
    export: Option<PathBuf>,
    threads: usize,
    /// The tool whose rules are scored; `None` for the doctor.
    rules: Option<Tool>,
}

fn request(arguments: impl Iterator<Item = String>) -> Result<Request, String> {
    let mut request = Request { threads: 1, ..Request::default() };
    let mut rest = arguments.peekable();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--facts" => request.facts = true,
            "--twins" => request.twins = true,
            "--reports" => request.reports = true,
            "--export" => request.export = Some(rest.next().ok_or("--export needs a directory")?.into()),
            "--threads" => {
                let number = rest.next().and_then(|number| number.parse().ok());
                request.threads = number.filter(|&n| n > 0).ok_or("--threads needs a number from 1")?;
            }
            "--rules" => {
                let name = rest.next().unwrap_or_default();
                request.rules = Tool::from_name(&name);
                if request.rules.is_none() && name != "doctor" {
                    return Err(format!("there are no rules {name:?}"));
                }
            }
            other if other.starts_with("--") => return Err(format!("there is no option {other}")),
            _ if request.file.as_os_str().is_empty() => request.file = argument.into(),
            _ => request.ids.push(argument),
        }
    }
    if request.file.as_os_str().is_empty() {
        return Err("usage: doctor_bench FILE.json [ID...]".to_owned());
    }
    Ok(request)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().len() == 1 {
        println!("usage: doctor_bench FILE.json [ID...]");
        return Ok(());
    }
    let request = request(std::env::args().skip(1))?;
    let text = std::fs::read_to_string(&request.file)?;
    let read = if request.twins { program::twins(&text)? } else { program::read(&text)? };
    let (entries, unreadable): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
    for reason in unreadable.iter().filter_map(|entry| entry.as_ref().err()) {
        eprintln!("not read: {reason}");
    }
    let wanted = |entry: &Entry| request.ids.is_empty() || request.ids.contains(&entry.answer.id);
    let entries: Vec<Entry> = entries.into_iter().flatten().filter(wanted).collect();
    let judged = all(&entries, &request);
    if !request.facts && request.export.is_none() {
        println!("{}", Score(&judged));
    }
    Ok(())
}

/// Judges the programs, some at a time, and returns them in their order.
fn all(entries: &[Entry], request: &Request) -> Vec<Judged> {
    let (next, judged) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..request.threads {
            scope.spawn(|| {
                while let Some((index, entry)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|index| entries.get(index).map(|entry| (index, entry)))
                {
                    let (lines, found) = one(entry, request);
                    if !lines.is_empty() {
                        println!("{lines}");
                    }
                    if let (Some(found), Ok(mut judged)) = (found, judged.lock()) {
                        judged.push((index, found));
                    }
                }
            });
        }
    });
    let mut judged = judged.into_inner().unwrap_or_default();
    judged.sort_by_key(|(index, _)| *index);
    judged.into_iter().map(|(_, judged)| judged).collect()
}

/// Returns what to print about a program, and its findings.
fn one(entry: &Entry, request: &Request) -> (String, Option<Judged>) {
    let (started, id, truth) = (Instant::now(), &entry.answer.id, &entry.answer.truth);
    let prepared = match Prepared::new(&entry.program) {
        Ok(prepared) => prepared,
        Err(reason) => return (format!("{id} {truth}: cannot be built: {reason}"), None),
    };
    if let Some(directory) = &request.export {
        let written = export::export(&prepared, &directory.join(id));
        return (written.err().map_or(String::new(), |error| format!("{id}: {error}")), None);
    }
    if request.facts {
        let facts = match prepared.fit() {
            Ok(end) => Facts::new(&prepared, &end).to_string(),
            Err(error) => format!("error: {error}"),
        };
        return (format!("{id} {truth}: {facts}; {:.2} s", started.elapsed().as_secs_f64()), None);
    }
    let (findings, report) = match request.rules {
        None => {
            let diagnosis = judge::diagnose(&prepared);
            let of_doctor = diagnosis.findings().iter().map(|finding| (vec![finding.code], finding.severity));
            (of_doctor.collect(), diagnosis.to_string())
        }
        Some(tool) => {
            let said = tool.judge(&entry.program, &prepared);
            let lines: Vec<String> = said.iter().map(ToString::to_string).collect();
            (said.into_iter().map(|said| (said.codes, said.severity)).collect(), lines.join("\n"))
        }
    };
    let judged = Judged { answer: entry.answer.clone(), findings, time: started.elapsed() };
    let text = if request.reports { format!("{id} {truth}\n{report}") } else { line(&judged) };
    (text, Some(judged))
}

/// Returns a line for a program whose findings are not what they should be.
fn line(judged: &Judged) -> String {
    let healthy = judged.is_healthy();
    let silent = !judged.alarms(logit::doctor::Severity::Warning, true);
    if if healthy { silent } else { judged.is_top() } {
        return String::new();
    }
    let ids = |codes: &[Code]| codes.iter().map(|code| code.id()).collect::<Vec<_>>().join("/");
    let found: Vec<String> =
        judged.findings.iter().map(|(codes, severity)| format!("{} ({severity})", ids(codes))).collect();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let answer = &judged.answer;
    format!("{} {} [{}]: found {found}", answer.id, answer.truth, answer.tags.join("; "))
}
