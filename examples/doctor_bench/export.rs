//! The rows of a program as tables in text, to compare with other systems.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use nalgebra::DMatrix;

use super::prepare::Prepared;

/// Writes the training, test and serving rows of a run as CSV files into `directory`.
pub(crate) fn export(prepared: &Prepared, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let (train, test) = (&prepared.built.train, &prepared.built.test);
    for (name, x, y) in [
        ("train", &train.x, &train.y),
        ("train_raw", &train.raw, &train.y),
        ("test", &test.x, &test.y),
        ("serving_train", &prepared.served, &train.y),
        ("serving_test", &prepared.served_test, &test.y),
    ] {
        table(&directory.join(name).with_extension("csv"), x, y)?;
    }
    Ok(())
}

fn table(path: &Path, x: &DMatrix<f64>, y: &[usize]) -> io::Result<()> {
    let mut file = BufWriter::new(fs::File::create(path)?);
    let names: Vec<String> = (0..x.ncols()).map(|column| format!("x{column}")).collect();
    writeln!(file, "{},class", names.join(","))?;
    for (row, class) in x.row_iter().zip(y) {
        row.iter().try_for_each(|cell| write!(file, "{cell},"))?;
        writeln!(file, "{class}")?;
    }
    file.flush()
}
