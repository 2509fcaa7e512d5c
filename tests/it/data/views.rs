//! Views of matrices of other crates.

#[cfg(feature = "ndarray")]
mod of_ndarray {
    use logit::data::{matrix_from_ndarray, matrix_from_owned_ndarray, ndarray_view, view_of_ndarray};
    use logit::nalgebra::DMatrix;
    use ndarray::{Array2, Axis, ShapeBuilder, Slice};

    fn array(rows: usize, columns: usize, fortran: bool) -> Array2<f64> {
        let number = |(row, column)| (10 * row + column) as f64;
        Array2::from_shape_fn((rows, columns).set_f(fortran), number)
    }

    fn matrix(rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |row, column| (10 * row + column) as f64)
    }

    #[test]
    fn both_layouts_are_seen_without_a_copy_and_owned_in_any() {
        for fortran in [false, true] {
            for (rows, columns) in [(3, 4), (1, 5), (5, 1), (1, 1), (0, 3), (3, 0), (0, 0)] {
                let (array, wanted) = (array(rows, columns, fortran), matrix(rows, columns));
                let view = view_of_ndarray(array.view()).expect("a layout without gaps");
                assert_eq!(view, wanted, "{rows} x {columns}");
                if rows * columns > 0 {
                    assert_eq!(view.as_ptr(), array.as_ptr());
                }
                assert_eq!(matrix_from_ndarray(array.view()), wanted);
                assert_eq!(matrix_from_owned_ndarray(array), wanted);
            }
        }
    }

    #[test]
    fn columns_that_lie_one_behind_the_other_keep_their_memory() {
        let (array, wanted) = (array(3, 4, true), matrix(3, 4));
        let memory = array.as_ptr();
        let taken = matrix_from_owned_ndarray(array);
        assert_eq!((taken.as_ptr(), &taken), (memory, &wanted));
    }

    #[test]
    fn parts_of_arrays_are_copied() {
        let whole = array(4, 6, false);
        let rows = |start, end, step| whole.slice_axis(Axis(0), Slice::new(start, end, step));
        let columns = whole.slice_axis(Axis(1), Slice::new(2, Some(5), 1));
        for (part, wanted) in [
            (rows(1, Some(3), 1), matrix(4, 6).rows(1, 2).clone_owned()),
            (columns, matrix(4, 6).columns(2, 3).clone_owned()),
            (rows(0, None, 2), matrix(4, 6).rows_with_step(0, 2, 1).clone_owned()),
            (rows(0, None, -1), DMatrix::from_fn(4, 6, |row, column| (10 * (3 - row) + column) as f64)),
        ] {
            assert_eq!(matrix_from_ndarray(part), wanted);
            if let Some(view) = view_of_ndarray(part) {
                assert_eq!(view, wanted);
            }
        }
        assert!(view_of_ndarray(columns).is_none() && view_of_ndarray(rows(1, Some(3), 1)).is_some());
        // Arrays that own more than they show: columns, a block, and a row, whose entries have gaps between
        // them.
        for ((first, last), (left, right)) in [((0, 4), (2, 5)), ((1, 3), (2, 5)), ((1, 2), (0, 6))] {
            let mut narrowed = array(4, 6, true);
            narrowed.slice_axis_inplace(Axis(0), Slice::from(first..last));
            narrowed.slice_axis_inplace(Axis(1), Slice::from(left..right));
            let wanted = matrix(4, 6).view((first, left), (last - first, right - left)).clone_owned();
            assert_eq!(matrix_from_owned_ndarray(narrowed), wanted);
        }
    }

    #[test]
    fn a_matrix_is_seen_without_a_copy() {
        let matrix = matrix(3, 4);
        let view = ndarray_view(&matrix);
        assert_eq!((view.as_ptr(), view.to_owned()), (matrix.as_ptr(), array(3, 4, false)));
        assert_eq!(ndarray_view(&DMatrix::<f32>::zeros(0, 3)).dim(), (0, 3));
    }
}

#[cfg(feature = "faer")]
mod of_faer {
    use logit::data::{faer_view, matrix_from_faer};
    use logit::nalgebra::DMatrix;

    #[test]
    fn there_and_back() {
        for (rows, columns) in [(3, 4), (1, 1), (0, 3), (3, 0)] {
            let matrix = DMatrix::from_fn(rows, columns, |row, column| (10 * row + column) as f32);
            let view = faer_view(&matrix);
            assert_eq!((view.nrows(), view.ncols()), (rows, columns));
            if rows * columns > 0 {
                assert_eq!(view.as_ptr(), matrix.as_ptr());
            }
            assert_eq!(matrix_from_faer(view), matrix);
            assert_eq!(matrix_from_faer(view.transpose()), matrix.transpose());
        }
        let matrix = DMatrix::from_fn(4, 5, |row, column| (10 * row + column) as f64);
        let part = faer_view(&matrix).submatrix(1, 2, 2, 3);
        assert_eq!(matrix_from_faer(part), matrix.view((1, 2), (2, 3)).clone_owned());
    }
}
