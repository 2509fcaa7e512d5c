//! A process that is killed while it saves loses no file.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use logit::nalgebra::DMatrix;
use logit::nn::{Checkpoint, MlpOptions};
use logit::prelude::*;
use logit::{FittedMlp, MlpClassifier};

/// The variable that makes the test below save in this directory until it is killed.
const DIRECTORY: &str = "LOGIT_TEST_SAVES_IN";
const KILLS: usize = 40;
/// What the child says whenever it has saved all files.
const SAVED: &str = "all files are saved";

type Model = FittedMlp<f64, usize>;

/// Two versions of a model and of a checkpoint, of half a megabyte and more.
fn versions() -> Vec<(Model, Checkpoint<f64>)> {
    let x = DMatrix::from_fn(8, 4, |row, column| ((3 * row + 5 * column) % 7) as f64);
    let y: Vec<usize> = (0..8).map(|row| row % 2).collect();
    let version = |seed| {
        let network = MlpClassifier::new([250, 250]).epochs(1).seed(seed);
        let mut run = network.start(&x, &y, MlpOptions::default()).expect("a run");
        run.step().expect("a step");
        (network.fit(&x, &y).expect("a model"), run.checkpoint())
    };
    [1, 2].map(version).into()
}

/// Saves a version of each kind of file, and returns the paths.
fn save(directory: &Path, (model, checkpoint): &(Model, Checkpoint<f64>)) -> Vec<PathBuf> {
    let (first, second) = (directory.join("model.safetensors"), directory.join("run"));
    model.save(&first).expect("a model is saved");
    checkpoint.save(&second).expect("a checkpoint is saved");
    #[allow(unused_mut, reason = "without pictures there are two files")]
    let mut paths = vec![first, second];
    #[cfg(feature = "plot")]
    {
        let third = directory.join("losses.svg");
        logit::plot::loss_curves(model.history())
            .expect("a figure")
            .save(&third)
            .expect("a picture is saved");
        paths.push(third);
    }
    paths
}

/// The files of the versions, beside the directory. History holds times, so each process would make others.
fn stock(directory: &Path) -> [[PathBuf; 2]; 2] {
    [0, 1].map(|version| {
        ["model", "run"].map(|kind| directory.with_extension(format!("{kind}-{version}.safetensors")))
    })
}

fn loaded(stock: &[[PathBuf; 2]; 2]) -> Vec<(Model, Checkpoint<f64>)> {
    let load = |[model, run]: &[PathBuf; 2]| {
        (Model::load(model).expect("a model"), Checkpoint::load(run).expect("a run"))
    };
    stock.iter().map(load).collect()
}

/// Not a test of its own, but the process that [`killed_processes_lose_nothing`] kills.
#[test]
fn a_child_saves_until_it_is_killed() {
    let Some(directory) = env::var_os(DIRECTORY) else { return };
    let versions = loaded(&stock(Path::new(&directory)));
    for version in versions.iter().cycle() {
        save(Path::new(&directory), version);
        println!("\n{SAVED}");
    }
}

fn temporary_files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry"));
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".logit-")).count()
}

#[test]
fn killed_processes_lose_nothing() {
    let directory = env::temp_dir().join(format!("logit-kills-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    let (versions, stock) = (versions(), stock(&directory));
    for ((model, run), [of_model, of_run]) in versions.iter().zip(&stock) {
        model.save(of_model).expect("a model is saved");
        run.save(of_run).expect("a checkpoint is saved");
    }
    let bytes: Vec<_> =
        stock.iter().map(|version| version.each_ref().map(|path| fs::read(path).expect("bytes"))).collect();
    let mut left = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "persist::killed::a_child_saves_until_it_is_killed", "--nocapture"])
            .env(DIRECTORY, &directory)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        assert!(lines.any(|line| line.expect("a line") == SAVED), "the child ended");
        sleep(Duration::from_micros(613 * kill as u64));
        child.kill().expect("a kill");
        child.wait().expect("its end");

        let [first, second] = ["model.safetensors", "run"].map(|name| directory.join(name));
        Model::load(&first).expect("a model");
        Checkpoint::<f64>::load(&second).expect("a checkpoint");
        for (at, path) in [first, second].into_iter().enumerate() {
            let found = fs::read(&path).expect("bytes");
            assert!(bytes.iter().any(|version| version[at] == found), "{} is neither", path.display());
        }
        #[cfg(feature = "plot")]
        assert!(fs::read_to_string(directory.join("losses.svg")).expect("a text").ends_with("</svg>\n"));
        // Before its first word, the child has removed what the one before it left.
        let found = temporary_files(&directory);
        assert!(found <= 1, "{found} temporary files are left");
        left += found;
    }
    assert!(left > 0, "no child was killed while it wrote");
    let paths = save(&directory, &versions[0]);
    assert_eq!(temporary_files(&directory), 0);
    assert_eq!(fs::read_dir(&directory).expect("a directory").count(), paths.len());
    fs::remove_dir_all(&directory).expect("removed");
    stock.iter().flatten().for_each(|path| fs::remove_file(path).expect("removed"));
}
