//! The direction of a fit, moved until it meets all constraints.

use nalgebra::DMatrix;

use super::{rows, with_budget};
use crate::linear::separation::design::{Block, Design};
use crate::linear::separation::search::Search;
use crate::rng::Rng;

/// Directions near one that separates get there, and their margins are as large as asked for.
#[test]
fn a_direction_is_moved_until_it_meets_all_rows() {
    let mut rng = Rng::new(41);
    for count in [2, 4] {
        let (n, d) = (300, 3);
        let columns = if count == 2 { 1 } else { count };
        let truth = DMatrix::from_fn(d, columns, |_, _| rng.standard_normal());
        // Rows near a boundary are left out; the last one has no weight and the wrong class.
        let (mut entries, mut classes) = (Vec::new(), Vec::new());
        while classes.len() < n {
            let row: Vec<f64> = (0..d).map(|_| rng.standard_normal()).collect();
            let score = |k: usize| (0..d).map(|j| row[j] * truth[(j, k)]).sum::<f64>();
            let mut order: Vec<usize> = (0..columns).collect();
            order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
            let gap = if columns == 1 { score(0).abs() } else { score(order[0]) - score(order[1]) };
            if gap > 0.3 {
                classes.push(if columns == 1 { usize::from(score(0) > 0.0) } else { order[0] });
                entries.extend(row);
            }
        }
        classes[n - 1] = (classes[n - 1] + 1) % count;
        let x = DMatrix::from_row_slice(n, d, &entries);
        let mut weights = vec![1.0; n];
        weights[n - 1] = 0.0;
        let design = Design::new(rows(&x, &classes, Some(&weights)).into(), count, false);
        let start: Vec<f64> = (0..columns)
            .flat_map(|k| design.part(|j| truth[(j, k)], 0.0))
            .map(|v| v + 0.3 * rng.standard_normal())
            .collect();
        let start = design.normalised(start).unwrap();
        let relaxed = |work: usize| {
            with_budget(usize::MAX, |budget| {
                Search::new(design.clone(), budget).unwrap().relaxed(&start, work, budget).unwrap()
            })
        };
        let smallest = |direction: &[f64]| {
            let (mut block, mut scores) = (Block::default(), Vec::new());
            design.fill(0..n, &mut block);
            block.scores(direction, &mut scores);
            let margins = (0..n - 1).flat_map(|row| {
                let scores = &scores;
                let margin = move |rival| (row, rival, scores);
                design.rivals(row).map(margin)
            });
            margins
                .map(|(row, rival, scores)| design.margin(row, rival, |k| scores[k * n + row]))
                .fold(f64::INFINITY, f64::min)
        };
        assert!(smallest(&start) < 0.0, "{count} classes");
        let found = relaxed(usize::MAX).unwrap();
        assert!(smallest(&found) >= 1e-3 * (1.0 - 1e-9), "{count} classes: {}", smallest(&found));
        // Not even one pass.
        assert!(relaxed(n * design.size() - 1).is_none());
    }
}
