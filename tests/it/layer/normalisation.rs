//! Normalised outputs do not depend on the scale and the offset of the input.

use logit::nn::{AnyLayer, BatchNorm, Layer, LayerNorm, Mode};
use logit::{Real, Rng};
use nalgebra::DMatrix;
use proptest::prelude::*;

use super::kit::normal;

/// Columns normalised with the statistics of the batch, without scale and shift.
fn columns<T: Real>(x: &DMatrix<T>, epsilon: f64) -> DMatrix<T> {
    let layer = BatchNorm::new(x.ncols()).unwrap().epsilon(epsilon).affine(false);
    let mut tape = layer.tape(x.nrows());
    tape.set_mode(Mode::Train);
    layer.forward(&[], x, &mut tape);
    tape.output().clone()
}

/// Rows normalised, without scale and shift.
fn rows<T: Real>(x: &DMatrix<T>, epsilon: f64) -> DMatrix<T> {
    let layer = LayerNorm::new(x.ncols()).unwrap().epsilon(epsilon).affine(false);
    layer.apply(&[], x).unwrap()
}

/// Multiples of 1/1024 below 4, to which large powers of two can be added without rounding.
fn exact(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = Rng::new(seed);
    DMatrix::from_fn(rows, columns, |_, _| rng.below(4096) as f64 / 1024.0)
}

fn close(a: &DMatrix<f64>, b: &DMatrix<f64>, within: f64) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= within)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn normalised_numbers_have_mean_zero_and_variance_one(count in 2usize..150, others in 1usize..150, seed: u64) {
        let x = normal(count, others, &mut Rng::new(seed)) * 7.0;
        // Two numbers close to each other keep a smaller variance: v / (v + epsilon).
        let variance = |x: f64| x / (x + 1e-12);
        for (index, column) in columns(&x, 1e-12).column_iter().enumerate() {
            prop_assert!(column.mean().abs() < 1e-14 && (column.variance() - variance(x.column(index).variance())).abs() < 1e-13);
        }
        for (index, row) in rows(&x.transpose(), 1e-12).row_iter().enumerate() {
            prop_assert!(row.mean().abs() < 1e-14 && (row.variance() - variance(x.column(index).variance())).abs() < 1e-13);
        }
    }

    /// Exactly, where the sums of offset and numbers are exact: no digit is lost to an offset.
    #[test]
    fn an_offset_changes_nothing(count in 2usize..150, others in 1usize..20, exponent in 0i32..41, seed: u64) {
        let x = exact(count, others, seed);
        let shifted = x.add_scalar(2f64.powi(exponent));
        prop_assert_eq!(columns(&x, 1e-5), columns(&shifted, 1e-5));
        prop_assert_eq!(rows(&x.transpose(), 1e-5), rows(&shifted.transpose(), 1e-5));
        // The same numbers in either direction.
        prop_assert!(close(&columns(&x, 1e-5), &rows(&x.transpose(), 1e-5).transpose(), 1e-13));
    }

    /// Exactly for powers of two, if epsilon takes part in it; and approximately up to the ends of the range.
    #[test]
    fn a_scale_changes_nothing(count in 2usize..80, others in 1usize..80, exponent in -400i32..400, seed: u64) {
        let x = exact(count, others, seed);
        let (scale, epsilon) = (2f64.powi(exponent), 2f64.powi(-30));
        let scaled = &x * scale;
        prop_assert_eq!(columns(&x, epsilon), columns(&scaled, epsilon * scale * scale));
        prop_assert_eq!(rows(&x, epsilon), rows(&scaled, epsilon * scale * scale));
    }

    #[test]
    fn numbers_whose_squares_overflow_are_normalised(count in 2usize..80, others in 1usize..80, seed: u64) {
        let mut x = exact(count, others, seed);
        // No column and no row is constant.
        for index in 0..count.max(others) {
            x[(index % count, index % others)] += 4.0;
        }
        let tiny = 1e-300;
        for exponent in [510, 530, 1000, 1019] {
            let huge = &x * 2f64.powi(exponent);
            prop_assert!(close(&columns(&x, tiny), &columns(&huge, tiny), 1e-13));
            if others > 1 {
                prop_assert!(close(&rows(&x, tiny), &rows(&huge, tiny), 1e-13));
            }
        }
        let single = x.map(|v| v as f32);
        for exponent in [60, 70, 123] {
            let huge = &single * 2f32.powi(exponent);
            prop_assert!(close(&columns(&x, tiny), &columns(&huge, tiny).map(f64::from), 1e-4));
            if others > 1 {
                prop_assert!(close(&rows(&x, tiny), &rows(&huge, tiny).map(f64::from), 1e-4));
            }
        }
    }

    /// Where the input is larger, the output moves less with it.
    #[test]
    fn gradients_of_numbers_whose_squares_overflow_are_small_but_right(
        count in 2usize..80, others in 2usize..80, seed: u64,
    ) {
        let mut rng = Rng::new(seed);
        let (x, cotangent) = (normal(count, others, &mut rng), normal(count, others, &mut rng));
        let scale = 2f64.powi(530);
        let batch = BatchNorm::new(others).unwrap().epsilon(1e-300).affine(false);
        let layer = LayerNorm::new(others).unwrap().epsilon(1e-300).affine(false);
        for layer in [AnyLayer::from(batch), layer.into()] {
            let gradient = |x: &DMatrix<f64>| {
                let mut tape = layer.tape(count);
                tape.set_mode(Mode::Train);
                layer.forward(&[], x, &mut tape);
                tape.output_gradient_mut().copy_from(&cotangent);
                let mut dx = x.clone();
                layer.backward(&[], x, &mut tape, &mut [], Some(&mut dx));
                dx
            };
            let (wanted, found) = (gradient(&x), gradient(&(&x * scale)) * scale);
            prop_assert!(close(&wanted, &found, 1e-12 * wanted.amax()), "{layer:?}");
        }
    }

    #[test]
    fn constants_become_zero_whatever_their_size(count in 1usize..80, size in -1e300f64..1e300, epsilon in 1e-300f64..1.0) {
        let x = DMatrix::from_element(count, 3, size);
        prop_assert!(count == 1 || columns(&x, epsilon).iter().all(|z| *z == 0.0));
        prop_assert!(rows(&x.transpose(), epsilon).iter().all(|z| *z == 0.0));
        // An epsilon below what a single can hold.
        prop_assert!(rows(&DMatrix::from_element(3, 2, 7.0f32), epsilon).iter().all(|z| *z == 0.0));
    }

    /// Rows do not see each other, in whatever block they are, and whatever their size.
    #[test]
    fn a_row_is_normalised_by_itself(count in 1usize..200, width in 1usize..20, huge in 0usize..200, seed: u64) {
        let mut x = normal(count, width, &mut Rng::new(seed));
        x.row_mut(huge % count).scale_mut(1e300);
        // Of the same size as epsilon, which must not get lost.
        x.row_mut((huge + 1) % count).scale_mut(1e-3);
        let all = rows(&x, 1e-5);
        for row in 0..count {
            let alone = rows(&x.rows(row, 1).into_owned(), 1e-5);
            prop_assert_eq!(all.rows(row, 1), alone);
        }
    }

    #[test]
    fn a_column_is_normalised_by_itself(count in 2usize..200, width in 1usize..20, seed: u64) {
        let x = normal(count, width, &mut Rng::new(seed));
        let all = columns(&x, 1e-5);
        for column in 0..width {
            let alone = columns(&x.columns(column, 1).into_owned(), 1e-5);
            prop_assert_eq!(all.columns(column, 1), alone);
        }
    }
}
