//! The printed summary.

use super::*;

/// Tables stay tables whatever is in them.
#[test]
fn lines_of_tables_are_of_one_width() {
    let (mut x, y) = overlapping(60, 3, 3, 99);
    x.column_mut(0).scale_mut(1e9);
    x.column_mut(1).scale_mut(1e-12);
    let labels: Vec<&str> =
        y.iter().map(|&class| ["no", "a rather long label of a class", "yes"][class]).collect();
    let model = exact(Penalty::None).fit(&x, &labels).unwrap();
    let names = ["line\nbreak", "größe (µm²)", "a name that is longer than any column of numbers"];
    let inference = model.inference(&x, &labels).unwrap().with_names(&names).unwrap();
    let effects = inference.marginal_effects(&x, RowOptions::default()).unwrap();
    println!("{inference}\n{effects}");
    for table in [inference.to_string(), effects.to_string()] {
        let wide: Vec<usize> = table
            .lines()
            .filter(|line| {
                line.contains("97.5 %") || line.starts_with(['g', '(']) || line.starts_with("line ")
            })
            .map(|l| l.chars().count())
            .collect();
        assert!(wide.len() > 6 && wide.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
    }
    let (x, y) = overlapping(60, 1, 2, 100);
    let inference = exact(Penalty::None).fit(&x, &y).unwrap().inference(&x, &y).unwrap();
    println!("{inference}\n{}", inference.marginal_effects(&x, RowOptions::default()).unwrap());
}
