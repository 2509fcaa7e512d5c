//! Places for texts that should be near given ones, and must not overlap.

/// Returns the places nearest to `wanted` (in the sense of least squares) that keep their order, are at least
/// `gap` apart, and are inside of `low` to `high` if there is room.
///
/// Places that are not finite count as `high`.
pub(super) fn apart(wanted: &[f64], gap: f64, [low, high]: [f64; 2]) -> Vec<f64> {
    let of = |place: f64| if place.is_finite() { place } else { high };
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| of(wanted[a]).total_cmp(&of(wanted[b])));
    // Neighbours that are too close become one block around the mean of what they want.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    let room = |count: usize| 0.5 * gap * (count - 1) as f64;
    let inside = |middle: f64, count: usize| {
        middle.min(high - 0.5 * gap - room(count)).max(low + 0.5 * gap + room(count))
    };
    for &at in &order {
        let mut block = (inside(of(wanted[at]), 1), 1);
        while let Some(&(middle, count)) = blocks.last()
            && block.0 - room(block.1) - gap < middle + room(count)
        {
            blocks.pop();
            let all = count + block.1;
            let mean = (middle * count as f64 + block.0 * block.1 as f64) / all as f64;
            block = (inside(mean, all), all);
        }
        blocks.push(block);
    }
    let spread =
        |(middle, count): (f64, usize)| (0..count).map(move |at| middle - room(count) + gap * at as f64);
    let mut places = vec![0.0; wanted.len()];
    for (&at, place) in order.iter().zip(blocks.into_iter().flat_map(spread)) {
        places[at] = place;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_where_there_is_room() {
        assert_eq!(apart(&[50.0, 10.0, 90.0], 10.0, [0.0, 100.0]), [50.0, 10.0, 90.0]);
        assert!(apart(&[], 10.0, [0.0, 100.0]).is_empty());
    }

    #[test]
    fn texts_keep_their_order_and_their_distance() {
        assert_eq!(apart(&[52.0, 48.0, 10.0], 10.0, [0.0, 100.0]), [55.0, 45.0, 10.0]);
        // Equal places, at the edge, and beyond it.
        assert_eq!(apart(&[0.0, 0.0, -5.0], 10.0, [0.0, 100.0]), [15.0, 25.0, 5.0]);
        assert_eq!(apart(&[99.0, f64::NAN], 10.0, [0.0, 100.0]), [85.0, 95.0]);
        // The block of the first two reaches the third.
        assert_eq!(apart(&[40.0, 40.0, 51.0], 10.0, [0.0, 100.0]), [34.0, 44.0, 54.0].map(|v| v - 1.0 / 3.0));
    }
}
