//! Checkpoints as bytes and files: they load to the same bits, and a file is complete at any time.

use std::fs;
use std::path::{Path, PathBuf};

use logit::nn::{Checkpoint, Examples, SoftmaxCrossEntropy, StepOutcome, Targets, TrainOptions, Trainer};
use logit::optim::{Optimizer, Step};
use logit::{Adam, Error, Persist, Real, Sgd, StopReason};
use safetensors::{Dtype, SafeTensors};

use super::checkpoint_kit::{bytes, checkpoint, normalised};
use super::kit::{Data, network, rules};
use crate::common::file_parts::{Parts, header};

/// A directory that is gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("logit-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Directory(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a directory");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Debug output tells -0 from 0 and shows times, which equality does not.
fn assert_same<T: Real>(a: &Checkpoint<T>, b: &Checkpoint<T>) {
    assert_eq!(a, b);
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

fn assert_returns<T: Real>(checkpoint: &Checkpoint<T>) {
    let saved = bytes(checkpoint);
    assert_eq!(saved, bytes(checkpoint));
    let back = Checkpoint::<T>::from_bytes(&saved).expect("a checkpoint");
    assert_same(&back, checkpoint);
    assert_eq!(bytes(&back), saved);
}

#[test]
fn every_rule_and_number_type_comes_back() {
    for rule in rules() {
        let trainer = Trainer::new(rule).epochs(3);
        for steps in [0, 1, 6, 8, 100] {
            assert_returns::<f64>(&checkpoint(&trainer, steps));
            assert_returns::<f32>(&checkpoint(&trainer, steps));
        }
    }
}

#[test]
fn every_end_of_a_run_comes_back() {
    let ends = [
        (
            checkpoint::<f64, _>(&Trainer::new(Adam::new(0.5)).patience(1).epochs(90), 900),
            StopReason::EarlyStopped,
        ),
        (checkpoint::<f64, _>(&Trainer::new(Faulty(9, f64::NAN)).epochs(9), 900), StopReason::Diverged),
        (checkpoint::<f64, _>(&Trainer::new(Faulty(9, 1e300)).epochs(9), 900), StopReason::Diverged),
        (checkpoint::<f64, _>(&Trainer::new(Faulty(12, 1e300)).epochs(9), 900), StopReason::Diverged),
        (checkpoint::<f64, _>(&Trainer::new(Faulty(11, f64::INFINITY)).epochs(9), 900), StopReason::Diverged),
    ];
    for (end, stop) in ends {
        assert_eq!(end.stop(), Some(stop));
        assert_returns(&end);
    }
}

#[test]
fn infinite_update_ratios_come_back() {
    let (data, network) = (Data::new(20, 3), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let zeros = vec![0.0; logit::nn::Shape::parameter_count(&network)];
    let options = TrainOptions::default().start(&zeros, &[]);
    let trainer = Trainer::new(Sgd::new(0.1)).batch_size(20);
    let mut run = trainer.start(&network, SoftmaxCrossEntropy::new(), examples, options).expect("a run");
    assert_eq!(run.step().expect("a step"), StepOutcome::Epoch);
    assert_eq!(run.history().epochs[0].updates[1].update_ratio, f64::INFINITY);
    assert_returns(&run.checkpoint());
}

/// Gradient descent with a step that writes a number into the last layer.
#[derive(Debug, Clone)]
struct Faulty(u64, f64);

impl<T: Real> Optimizer<T> for Faulty {
    fn learning_rate(&self) -> f64 {
        0.1
    }
    fn state(&self, _parameters: usize) -> Vec<T> {
        Vec::new()
    }
    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], _state: &mut [T]) {
        for (p, g) in params.iter_mut().zip(grad) {
            *p -= T::of(step.learning_rate) * *g;
        }
        if step.number == self.0 {
            for p in params.iter_mut().rev().take(8) {
                *p = T::of(self.1);
            }
        }
    }
}

#[test]
fn a_run_that_is_lost_is_stored_where_it_gets_to_the_same_end() {
    let data = Data::new(43, 1);
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    for value in [f64::INFINITY, f64::NAN] {
        let trainer = Trainer::new(Faulty(9, value)).batch_size(8).epochs(4);
        let start = || {
            let options = TrainOptions::default();
            trainer.start(normalised(), SoftmaxCrossEntropy::new(), examples, options).expect("a run")
        };
        let (mut whole, mut cut) = (start(), start());
        whole.run_to_end(|_| std::ops::ControlFlow::Continue(())).expect("a run");
        for _ in 0..9 {
            cut.step().expect("a step");
        }
        assert!(!cut.params()[cut.params().len() - 1].is_finite());
        let stored = Checkpoint::from_bytes(&bytes(&cut.checkpoint())).expect("a checkpoint");
        assert_eq!((stored.steps(), stored.epochs()), (6, 1));
        let (loss, options) = (SoftmaxCrossEntropy::new(), TrainOptions::default());
        let mut resumed = trainer.resume(normalised(), loss, examples, options, stored).expect("a run");
        resumed.run_to_end(|_| std::ops::ControlFlow::Continue(())).expect("a run");
        assert_same(&resumed.checkpoint(), &{
            // Times are not the same.
            let mut parts = Parts::of(&bytes(&whole.checkpoint()));
            let elapsed = "model.history.elapsed_nanoseconds";
            parts.array(elapsed).bytes =
                Parts::of(&bytes(&resumed.checkpoint())).array(elapsed).bytes.clone();
            Checkpoint::from_bytes(&parts.bytes()).expect("a checkpoint")
        });
        assert_eq!(resumed.finish(), whole.finish());
    }
}

#[test]
fn files_open_with_the_library_of_the_format() {
    let saved = checkpoint::<f32, _>(&Trainer::new(Adam::new(0.01)), 8);
    let bytes = bytes(&saved);
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a header");
    let words = metadata.metadata().clone().expect("metadata");
    assert_eq!((words["format"].as_str(), words["version"].as_str()), ("logit model", "1.0"));
    let description: serde_json::Value = serde_json::from_str(&words["description"]).expect("JSON");
    let described = &description["parts"]["model"];
    assert_eq!(described["kind"], "checkpoint");
    let parts = &described["parts"];
    assert_eq!(parts["fingerprint"]["settings"]["seed"], u64::MAX - 1);
    assert_eq!(parts["position"]["settings"], serde_json::json!({ "steps": 8, "epoch": 1, "row": 16 }));
    assert_eq!(parts["history"]["settings"]["layers"], 3);

    let file = SafeTensors::deserialize(&bytes).expect("a file");
    let params = file.tensor("model.position.parameters").expect("an array");
    assert_eq!((params.dtype(), params.shape()), (Dtype::F32, &[saved.params().len()][..]));
    let numbers: Vec<f32> =
        params.data().chunks(4).map(|b| f32::from_le_bytes(b.try_into().expect("four bytes"))).collect();
    assert_eq!(numbers, saved.params());
    let losses = file.tensor("model.history.train_loss").expect("an array");
    assert_eq!((losses.dtype(), losses.shape()), (Dtype::F64, &[1][..]));
    assert_eq!(
        file.tensor("model.history.layer_names").expect("an array").data(),
        b"Dense, TanhBatchNormDense"
    );
    // Arrays lie at multiples of the size of their numbers, which some readers want.
    let start = header(&bytes).1;
    assert_eq!(start % 8, 0);
    for (name, array) in file.iter() {
        let offset = array.data().as_ptr() as usize - bytes[start..].as_ptr() as usize;
        assert_eq!(offset % (array.dtype().bitsize() / 8), 0, "{name}");
    }
}

#[test]
fn the_writer_of_these_tests_agrees() {
    let bytes = bytes(&checkpoint::<f64, _>(&Trainer::new(Adam::new(0.01)), 8));
    let again = Parts::of(&bytes).bytes();
    assert_same(
        &Checkpoint::<f64>::from_bytes(&again).expect("a checkpoint"),
        &Checkpoint::from_bytes(&bytes).expect("a checkpoint"),
    );
}

#[test]
fn saved_files_load_and_replace_each_other() {
    let directory = Directory::new("replace");
    let file = directory.file("run.safetensors");
    let trainer = Trainer::new(Adam::new(0.01));
    for steps in [20, 1, 7] {
        let saved = checkpoint::<f64, _>(&trainer, steps);
        saved.save(&file).expect("a file");
        assert_eq!(fs::read(&file).expect("a file"), bytes(&saved));
        assert_same(&Checkpoint::load(&file).expect("a checkpoint"), &saved);
    }
    assert_eq!(directory.names(), ["run.safetensors"]);
}

#[test]
fn files_saved_at_the_same_time_do_not_mix() {
    let directory = Directory::new("threads");
    let file = directory.file("run.safetensors");
    let saved: Vec<_> =
        (0..4).map(|steps| checkpoint::<f64, _>(&Trainer::new(Adam::new(0.01)), steps)).collect();
    std::thread::scope(|scope| {
        for checkpoint in &saved {
            scope.spawn(|| (0..5).for_each(|_| checkpoint.save(&file).expect("a file")));
        }
    });
    assert!(saved.contains(&Checkpoint::load(&file).expect("a checkpoint")));
    assert_eq!(directory.names(), ["run.safetensors"]);
}

fn assert_save_fails(checkpoint: &Checkpoint<f64>, path: &Path) -> std::io::ErrorKind {
    match checkpoint.save(path).expect_err("an error") {
        Error::File { action: "save", path: named, kind, message } => {
            assert!(named == path && !message.is_empty());
            kind
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_save_that_fails_leaves_everything_as_it_was() {
    let directory = Directory::new("failures");
    let checkpoint = checkpoint::<f64, _>(&Trainer::new(Adam::new(0.01)), 3);
    assert_eq!(
        assert_save_fails(&checkpoint, &directory.file("missing/run.safetensors")),
        std::io::ErrorKind::NotFound
    );
    assert_save_fails(&checkpoint, Path::new(""));
    assert_save_fails(&checkpoint, &directory.file(".."));

    // A directory with something in it is in the way.
    let occupied = directory.file("occupied");
    fs::create_dir_all(occupied.join("inside")).expect("a directory");
    assert_save_fails(&checkpoint, &occupied);
    assert!(occupied.join("inside").is_dir());
    assert_eq!(directory.names(), ["occupied"]);

    // A longer name than file systems have.
    assert_save_fails(&checkpoint, &directory.file(&"n".repeat(256)));
    assert_eq!(directory.names(), ["occupied"]);
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_written_keeps_its_file() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new("read-only");
    let file = directory.file("run.safetensors");
    fs::write(&file, b"old").expect("a file");
    let allow =
        |mode| fs::set_permissions(&directory.0, fs::Permissions::from_mode(mode)).expect("permissions");
    allow(0o555);
    // The superuser may write anyway.
    if fs::write(directory.file("probe"), b"").is_err() {
        let saved = checkpoint::<f64, _>(&Trainer::new(Adam::new(0.01)), 3);
        assert_eq!(assert_save_fails(&saved, &file), std::io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read(&file).expect("a file"), b"old");
    }
    allow(0o755);
}

#[test]
fn what_cannot_be_loaded_is_an_error() {
    let directory = Directory::new("load");
    let load = |name: &str| Checkpoint::<f64>::load(directory.file(name)).expect_err("an error");
    let error = load("missing");
    assert!(
        matches!(error, Error::File { action: "load", kind: std::io::ErrorKind::NotFound, .. }),
        "{error}"
    );
    assert!(error.to_string().starts_with("cannot load `"), "{error}");
    assert!(matches!(load(""), Error::File { .. }), "a directory");

    let bytes = bytes(&checkpoint::<f64, _>(&Trainer::new(Adam::new(0.01)), 3));
    for length in [0, 7, 8, 100, bytes.len() - 1] {
        fs::write(directory.file("short"), &bytes[..length]).expect("a file");
        let error = load("short");
        assert!(matches!(error, Error::InvalidFile { .. }), "{length} bytes: {error}");
        assert_eq!(error, Checkpoint::<f64>::from_bytes(&bytes[..length]).expect_err("an error"));
    }
    fs::write(directory.file("long"), [&bytes[..], &[0]].concat()).expect("a file");
    assert!(matches!(load("long"), Error::InvalidFile { .. }));
    fs::write(directory.file("whole"), &bytes).expect("a file");
    Checkpoint::<f64>::load(directory.file("whole")).expect("a checkpoint");
}

/// A file of a terabyte that takes no place on the disk is refused without reading it.
#[cfg(unix)]
#[test]
fn a_huge_file_is_refused_at_once() {
    let directory = Directory::new("huge");
    let path = directory.file("huge");
    let bytes = bytes(&checkpoint::<f64, _>(&Trainer::new(Adam::new(0.01)), 3));
    for start in [&[][..], &bytes] {
        fs::write(&path, start).expect("a file");
        // Where the file system has no such files there is nothing to test.
        if fs::OpenOptions::new().write(true).open(&path).expect("a file").set_len(1 << 40).is_ok() {
            let mut error = None;
            let taken = allocation_counter::measure(|| error = Checkpoint::<f64>::load(&path).err()).bytes_max
                as usize;
            assert!(matches!(error, Some(Error::InvalidFile { .. })), "{error:?}");
            assert!(taken < 2 * bytes.len() + 10_000, "{taken}");
        }
    }
}

/// Opening a pipe waits for somebody to write to it.
#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let directory = Directory::new("pipe");
    let path = directory.file("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if made.is_ok_and(|status| status.success()) {
        let error = Checkpoint::<f64>::load(&path).expect_err("an error");
        assert!(matches!(error, Error::File { .. }), "{error}");
    }
}
