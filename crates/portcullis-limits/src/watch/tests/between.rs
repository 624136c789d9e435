//! Two partners that read one list, or share it out.

use super::*;

fn sketch(ids: impl IntoIterator<Item = u64>) -> Sketch {
    let mut sketch = Sketch::default();
    ids.into_iter().for_each(|id| sketch.asked(target(id), id, at(0)));
    sketch
}

fn listed(sketches: &[&Sketch]) -> Listed {
    let mut listed = Listed::default();
    sketches.iter().for_each(|sketch| listed.add(sketch));
    listed
}

fn compared(one: &Sketch, other: &Sketch) -> Option<(u64, u64)> {
    let measure = Measure::of(Signal::Overlap, None, None, None).unwrap();
    let (one, other) = (listed(&[one]), listed(&[other]));
    assert_eq!(
        compare(&measure, &one, &other).is_some(),
        compare(&measure, &other, &one).is_some()
    );
    let hit = compare(&measure, &one, &other)?;
    Some((hit.figures[2].1, hit.figures[3].1))
}

/// Which of a population someone reads.
fn some(seed: u64, of: u64, percent: u64) -> Vec<u64> {
    let mut chance = Chance(seed);
    (0..of).filter(|_| chance.below(100) < percent).map(|n| 200_300_000_000 + n * 7).collect()
}

#[test]
fn one_list_read_twice_is_a_hit() {
    let list = some(3, 3000, 40);
    let others = list.iter().copied().filter(|id| id % 13 != 0);
    let (common, _) = compared(&sketch(list.clone()), &sketch(others)).unwrap();
    assert!((90..=94).contains(&common), "{common}");
}

#[test]
fn a_list_of_which_each_takes_every_other_one_is_a_hit() {
    let list = some(3, 3000, 40);
    let half = |first| sketch(list.iter().copied().skip(first).step_by(2));
    assert_eq!(compared(&half(0), &half(1)), Some((0, 100)));
}

#[test]
fn partners_that_read_what_is_popular_are_none() {
    // Three fifths of all there is, each by itself: nearly half of it is common.
    assert_eq!(compared(&sketch(some(3, 3000, 60)), &sketch(some(5, 3000, 60))), None);
    assert_eq!(compared(&sketch(some(3, 3000, 20)), &sketch(some(5, 3000, 90))), None);
}

#[test]
fn partners_of_two_countries_are_none() {
    let mut one = some(3, 3000, 60);
    let two = one.split_off(one.len() / 2);
    assert_eq!(compared(&sketch(one), &sketch(two)), None, "one after the other");
    let (one, two): (Vec<u64>, Vec<u64>) =
        some(3, 3000, 60).into_iter().partition(|id| id / 7 % 100 < 50);
    assert_eq!(compared(&sketch(one), &sketch(two)), None, "block by block");
    let mut chance = Chance(7);
    let (one, two): (Vec<u64>, Vec<u64>) =
        some(3, 3000, 60).into_iter().partition(|_| chance.below(2) == 0);
    assert_eq!(compared(&sketch(one), &sketch(two)), None, "by chance, which can't be told apart");
}

#[test]
fn few_targets_say_nothing() {
    let list = some(3, 400, 40);
    assert!(list.len() < 200);
    assert_eq!(compared(&sketch(list.clone()), &sketch(list)), None);
}

#[test]
fn sketches_are_bounded_and_still_tell_what_is_common() {
    let list: Vec<u64> = (0..50_000).collect();
    let other = list.iter().copied().filter(|id| id % 10 != 0);
    let (one, other) = (sketch(list.clone()), sketch(other));
    assert_eq!((one.len(), other.len()), (4096, 4096));
    let (common, in_turn) = compared(&one, &other).unwrap();
    assert!((87..=93).contains(&common) && in_turn == 0, "{common} {in_turn}");
    assert_eq!(compared(&one, &sketch(50_000..100_000)), None);
}

#[test]
fn what_was_not_asked_for_lately_is_forgotten() {
    let mut one = sketch(0..500);
    (400..500).for_each(|id| one.asked(target(id), id, at(20 * DAY)));
    one.expire("30d".parse().unwrap(), at(30 * DAY));
    assert_eq!(one.len(), 100);
    one.expire("30d".parse().unwrap(), at(50 * DAY));
    assert!(one.is_empty());
}

#[test]
fn several_sketches_of_a_partner_are_looked_at_as_one() {
    let measure = Measure::of(Signal::Overlap, None, None, None).unwrap();
    let (first, second, both) = (sketch(0..300), sketch(200..600), sketch(0..600));
    let hit = compare(&measure, &listed(&[&first, &second]), &listed(&[&both])).unwrap();
    let figures: Vec<u64> = hit.figures.iter().map(|(_, figure)| *figure).collect();
    assert_eq!(figures, [600, 600, 100, 0]);
    // One that had to leave something out bounds what is compared of the others.
    let large = sketch(0..50_000);
    let hit = compare(&measure, &listed(&[&large, &first]), &listed(&[&large])).unwrap();
    assert!(hit.figures[2].1 > 95, "{:?}", hit.figures);
}
