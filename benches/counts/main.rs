//! Work whose instructions are counted: `python3 benches/counts/run.py` runs it under callgrind and compares
//! the counts with `benches/counts/expected.json`.
//!
//! ```sh
//! counts --list           # name, the two amounts of work that are compared, unit and units in one amount
//! counts NAME AMOUNT      # does an amount of work
//! ```
//!
//! Two runs with different amounts have the same start, so the difference of their counts is the work alone.

mod elements;
mod fits;
mod networks;
mod rows;

use std::process::exit;

use logit::parallel::with_threads;

/// Something to count.
pub struct Work {
    pub name: &'static str,
    /// The smaller and the larger amount.
    pub amounts: [usize; 2],
    /// What the counts are divided by.
    pub unit: &'static str,
    /// The number of units in an amount of one.
    pub units: usize,
    pub run: fn(usize),
}

/// Returns a piece of work.
pub const fn work(
    name: &'static str,
    amounts: [usize; 2],
    unit: &'static str,
    units: usize,
    run: fn(usize),
) -> Work {
    Work { name, amounts, unit, units, run }
}

fn main() {
    let all = || networks::WORK.iter().chain(&fits::WORK).chain(&rows::WORK).chain(&elements::WORK);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--list"] => {
            for work in all() {
                let [low, high] = work.amounts;
                println!("{}\t{low}\t{high}\t{}\t{}", work.name, work.unit, work.units);
            }
        }
        [name, amount] => match (all().find(|work| work.name == name), amount.parse()) {
            (Some(work), Ok(amount)) => with_threads(1, || (work.run)(amount)),
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() {
    eprintln!("usage: counts --list | counts NAME AMOUNT");
    exit(2);
}
