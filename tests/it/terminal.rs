//! Pictures as text, compared letter by letter.

use logit::boundary::Slice;
use logit::metrics::RocCurve;
use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::nn::History;
use logit::prelude::*;
use logit::terminal::Sketch;
use logit::{Error, FittedLogistic, MlpClassifier, data};

/// Compares line by line, so that a failure shows the picture.
#[track_caller]
fn shows(found: &str, expected: &[&str]) {
    let found: Vec<&str> = found.lines().collect();
    assert_eq!(found, expected, "\n{}\n", found.join("\n"));
}

/// "yes" above the falling diagonal through (1, 1).
fn diagonal() -> FittedLogistic<f64, &'static str> {
    FittedLogistic::from_coefficients(vec!["no", "yes"], dmatrix![1.0; 1.0], dvector![-2.0]).unwrap()
}

/// Two rows of different classes are in the upper left corner, and two of the same class in the lower one.
fn rows() -> (DMatrix<f64>, [&'static str; 6]) {
    let x = dmatrix![0.0, 0.0; 2.0, 2.0; 0.0, 0.0; 1.9, 2.0; 0.0, 2.0; 0.0, 2.0];
    (x, ["no", "yes", "no", "no", "no", "yes"])
}

#[test]
fn regions_are_shades_and_rows_letters() {
    let (x, y) = rows();
    let text = Sketch::new().width(24).height(6).regions(&diagonal(), &x, &y).unwrap();
    let expected = [
        " 2.1 │*·░░░░░░░░░░░░░░ab",
        "     │·····░░░░░░░░░░░░░",
        "     │········░░░░░░░░░░",
        "     │···········░░░░░░░",
        "     │··············░░░░",
        "-0.1 │a················░",
        "     └──────────────────",
        "      -0.1           2.1",
        "a · no   b ░ yes",
        "* several",
    ];
    shows(&text, &expected);
}

#[test]
fn a_boundary_is_a_line() {
    let (x, y) = rows();
    let text = Sketch::new().width(24).height(6).boundary(&diagonal(), &x, &y).unwrap();
    let expected = [
        " 2.1 │*⠢⣀             ab",
        "     │   ⠙⠢⣀",
        "     │      ⠑⠢⣀",
        "     │         ⠉⠢⢄",
        "     │            ⠉⠲⢄⡀",
        "-0.1 │a              ⠉⠢⢄",
        "     └──────────────────",
        "      -0.1           2.1",
        "a no   b yes   * several",
    ];
    shows(&text, &expected);
}

#[test]
fn curves_end_in_their_letters() {
    let line: Vec<[f64; 2]> = (0..=10).map(|x| [f64::from(x), f64::from(x)]).collect();
    let bend: Vec<[f64; 2]> = (0..=10).map(|x| [f64::from(x), 10.0 - f64::from(x * x) / 20.0]).collect();
    let sketch = Sketch::new().width(30).height(6);
    let text = sketch.curves("step", "cost", &[("rising", &line), ("falling", &bend)]).unwrap();
    let expected = [
        "cost",
        "10 │⠉⠉⠉⠉⠉⠑⠒⠒⠒⠤⠤⠤⣀⡀       ⣀⠤⠒⠉a",
        "   │             ⠈⠉⠑⢒⡤⢤⣒⠉",
        "   │            ⢀⡠⠔⠊⠁   ⠉⠒⠢⢄⡀",
        "   │        ⢀⡠⠔⠊⠉           ⠈b",
        "   │    ⣀⠤⠒⠊⠁",
        " 0 │⣀⠤⠒⠉",
        "   └─────────────────────────",
        "    0                      10",
        "              step",
        "a rising   b falling",
    ];
    shows(&text, &expected);
}

#[test]
fn a_roc_curve_has_its_area() {
    let curve = RocCurve::new(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], &1, None).unwrap();
    let text = Sketch::new().width(24).height(4).roc(&curve).unwrap();
    let expected = [
        "true positive rate",
        "1 │          ⡏⠉⠉⠉⠉⠉⠉⠉⠉⠉a",
        "  │          ⡇",
        "  │⡏⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁",
        "0 │⡇",
        "  └────────────────────",
        "   0                  1",
        "    false positive rate",
        "a area 0.750",
    ];
    shows(&text, &expected);
}

#[test]
fn no_line_is_wider_than_it_may_be() {
    let iris = data::iris();
    let model = MlpClassifier::new([4]).epochs(3).validation_fraction(0.2).fit(&iris.x, &iris.y).unwrap();
    let slice = Slice::new(&model, [2, 3], &[5.8, 3.0, 0.0, 0.0]).unwrap();
    let petals = iris.x.select_columns(&[2, 3]);
    let long = "a name that is longer than a terminal is wide, and has a \n break".repeat(3);
    for width in [24, 80, 400] {
        let sketch = Sketch::new().width(width).height(5);
        let pictures = [
            sketch.regions(&slice, &petals, &iris.y).unwrap(),
            sketch.boundary(&slice, &petals, &iris.y).unwrap(),
            sketch.losses(model.history()).unwrap(),
            sketch.curves(&long, &long, &[(&long, &[[0.0, -1e300], [1e-300, 1e300]])]).unwrap(),
        ];
        for picture in pictures {
            assert!(picture.lines().all(|line| line.chars().count() <= width), "{width}:\n{picture}");
        }
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let sketch = Sketch::new().width(40);
    let nan = [[0.0, f64::NAN], [f64::INFINITY, 1.0]];
    assert!(matches!(sketch.curves("x", "y", &[]), Err(Error::Empty { .. })));
    assert!(matches!(sketch.curves("x", "y", &[("c", &nan)]), Err(Error::Picture { .. })));
    assert!(matches!(sketch.losses(&History::default()), Err(Error::Empty { .. })));
    let far = [[0.0, -f64::MAX], [1.0, f64::MAX]];
    assert!(matches!(sketch.curves("x", "y", &[("c", &far)]), Err(Error::Picture { .. })));
    sketch.curves("x", "y", &[("one", &[[1.0, 1.0]])]).unwrap();
    for sketch in [sketch.width(5), sketch.width(1000), sketch.height(0), sketch.height(1000)] {
        assert!(matches!(
            sketch.curves("x", "y", &[("c", &[[0.0, 0.0]])]),
            Err(Error::InvalidParameter { .. })
        ));
    }
    let (x, y) = rows();
    assert!(matches!(sketch.regions(&diagonal(), &x, &y[1..]), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(sketch.regions(&diagonal(), &x, &["?"; 6]), Err(Error::UnknownLabel { .. })));
    assert!(matches!(sketch.boundary(&diagonal(), &DMatrix::zeros(0, 2), &[]), Err(Error::Empty { .. })));
}

/// Runs itself once more with another width of the terminal.
#[test]
fn only_for_terminal_reads_the_environment() {
    assert_eq!(Sketch::new(), Sketch::new().width(80).height(20));
    assert_eq!(Sketch::default(), Sketch::new());
    let wide = |columns: &str| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "terminal::only_for_terminal_reads_the_environment"])
            .env("COLUMNS", columns)
            .env("LOGIT_TEST_COLUMNS", columns)
            .output()
            .unwrap()
    };
    match std::env::var("LOGIT_TEST_COLUMNS").as_deref() {
        Ok("7") => assert_eq!(Sketch::for_terminal(), Sketch::new().width(24)),
        Ok("50") => assert_eq!(Sketch::for_terminal(), Sketch::new().width(50)),
        Ok(_) => assert_eq!(Sketch::for_terminal(), Sketch::new()),
        Err(_) => {
            for columns in ["7", "50", "many"] {
                let child = wide(columns);
                assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
            }
        }
    }
}
