//! Groups of like vectors. Pure and repeatable: the same vectors in the same order give the same groups. Work is at most
//! `ROUNDS` × vectors × `MOST_CENTRES` comparisons.

/// Fewer are no topic.
const LEAST: usize = 3;
/// Topics that are told apart, and groups that are begun before the small ones are dropped.
const MOST_TOPICS: usize = 100;
const MOST_CENTRES: usize = 300;
const ROUNDS: usize = 3;
/// How far above the likeness of any two questions two of one topic lie, on the way to 1. Encoders differ in how like they find
/// any two texts, so a fixed cosine would fit one of them only.
const ABOVE: f32 = 0.45;
/// Cosines that the limit stays within: of few questions, all may be of one topic.
const WITHIN: std::ops::RangeInclusive<f32> = 0.68..=0.89;

/// The topic of each vector, the largest being 0, with its cosine to the middle of the topic.
pub(super) fn cluster(vectors: &[Vec<f32>]) -> Vec<Option<(i64, f64)>> {
    let near = limit(vectors);
    let mut centres = begin(vectors, near);
    let mut members = assign(vectors, &centres, near);
    for round in 0..ROUNDS {
        centres = middles(vectors, &members, centres.len());
        if round + 1 == ROUNDS {
            centres.truncate(MOST_TOPICS);
        }
        members = assign(vectors, &centres, near);
    }
    number(&members)
}

/// The cosine from which on a vector belongs to a topic.
fn limit(vectors: &[Vec<f32>]) -> f32 {
    let count = vectors.len() as f32;
    if vectors.len() < 2 {
        return *WITHIN.end();
    }
    // The sum of all cosines is the square of the sum's length.
    let mut sum = Vec::new();
    vectors.iter().for_each(|vector| add(&mut sum, vector));
    let mean = ((dot(&sum, &sum) - count) / (count * (count - 1.0))).clamp(0.0, 1.0);
    (mean + ABOVE * (1.0 - mean)).clamp(*WITHIN.start(), *WITHIN.end())
}

/// First groups: each vector joins the nearest one that is near enough, or begins its own.
fn begin(vectors: &[Vec<f32>], near: f32) -> Vec<Vec<f32>> {
    let mut centres: Vec<Vec<f32>> = Vec::new();
    for vector in vectors {
        let joins = nearest(vector, &centres).is_some_and(|(_, cosine)| cosine >= near);
        if !joins && centres.len() < MOST_CENTRES {
            centres.push(vector.clone());
        }
    }
    centres
}

/// A group and the cosine to its middle.
type Member = Option<(usize, f32)>;

fn assign(vectors: &[Vec<f32>], centres: &[Vec<f32>], near: f32) -> Vec<Member> {
    let joined = vectors.iter().map(|vector| {
        let found = nearest(vector, centres)?;
        (found.1 >= near).then_some(found)
    });
    joined.collect()
}

/// Of equally near ones, the first.
fn nearest(vector: &[f32], centres: &[Vec<f32>]) -> Member {
    let cosines = centres.iter().map(|centre| dot(vector, centre));
    cosines
        .enumerate()
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The middles of groups that are large enough, the largest first.
fn middles(vectors: &[Vec<f32>], members: &[Member], groups: usize) -> Vec<Vec<f32>> {
    let mut sums: Vec<(usize, Vec<f32>)> = vec![(0, Vec::new()); groups];
    for (vector, member) in vectors.iter().zip(members) {
        if let Some((group, _)) = member
            && let Some((count, sum)) = sums.get_mut(*group)
        {
            *count += 1;
            add(sum, vector);
        }
    }
    sums.retain(|(count, _)| *count >= LEAST);
    // A stable sort: of equally large ones, the one that began first.
    sums.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    sums.into_iter().map(|(_, sum)| unit(sum)).collect()
}

/// Numbers the groups that are large enough, the largest 0.
fn number(members: &[Member]) -> Vec<Option<(i64, f64)>> {
    let groups = members.iter().flatten().map(|(group, _)| group + 1).max();
    let mut sizes: Vec<(usize, usize)> = (0..groups.unwrap_or(0)).map(|at| (at, 0)).collect();
    for (group, _) in members.iter().flatten() {
        if let Some((_, size)) = sizes.get_mut(*group) {
            *size += 1;
        }
    }
    sizes.retain(|(_, size)| *size >= LEAST);
    sizes.sort_by_key(|(at, size)| (std::cmp::Reverse(*size), *at));
    let place = |group: usize| sizes.iter().position(|(at, _)| *at == group);
    let numbered = members.iter().map(|member| {
        let (group, cosine) = (*member)?;
        let number = i64::try_from(place(group)?).ok()?;
        Some((number, f64::from(cosine)))
    });
    numbered.collect()
}

fn add(sum: &mut Vec<f32>, vector: &[f32]) {
    if sum.is_empty() {
        sum.resize(vector.len(), 0.0);
    }
    for (a, b) in sum.iter_mut().zip(vector) {
        *a += b;
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = dot(&vector, &vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector near one of the axes of a space, moved a little by `by`.
    fn near(axis: usize, by: f32) -> Vec<f32> {
        let mut vector = vec![0.0; 8];
        vector[axis] = 1.0;
        vector[(axis + 1) % 8] = by;
        unit(vector)
    }

    fn topics(of: &[Option<(i64, f64)>]) -> Vec<Option<i64>> {
        of.iter().map(|one| one.map(|(number, _)| number)).collect()
    }

    #[test]
    fn like_ones_come_together_and_the_largest_is_first() {
        let vectors = [
            near(0, 0.1),
            near(4, 0.0),
            near(4, 0.1),
            near(0, 0.0),
            near(4, 0.2),
            near(0, 0.05),
            near(4, 0.05),
            // Alone.
            near(6, 0.0),
        ];
        let found = cluster(&vectors);
        let (a, b) = (Some(0), Some(1));
        assert_eq!(topics(&found), [b, a, a, b, a, b, a, None]);
        // The one in the middle is the closest.
        let of_b = [0, 3, 5].map(|at| found[at].unwrap().1);
        assert!(of_b[2] > of_b[0] && of_b[2] > of_b[1], "{of_b:?}");
        assert_eq!(cluster(&vectors), found);
    }

    #[test]
    fn two_are_no_topic_and_nothing_is_none() {
        assert!(cluster(&[]).is_empty());
        assert_eq!(topics(&cluster(&[near(0, 0.0)])), [None]);
        let two = [near(0, 0.0), near(0, 0.1)];
        assert_eq!(topics(&cluster(&two)), [None, None]);
        let same = vec![near(0, 0.0); 3];
        assert_eq!(topics(&cluster(&same)), [Some(0); 3]);
    }

    #[test]
    fn many_that_are_like_none_end_in_bounded_time() {
        // Pseudorandom vectors, by a linear congruence.
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
        };
        let vectors: Vec<Vec<f32>> = (0..600)
            .map(|_| unit((0..32).map(|_| next()).collect()))
            .collect();
        let found = cluster(&vectors);
        let most = found.iter().flatten().map(|(number, _)| *number).max();
        assert!(most.is_none_or(|most| most < 100));
    }

    #[test]
    fn vectors_that_are_broken_do_no_harm() {
        let broken = vec![vec![0.0; 4], Vec::new(), vec![f32::NAN; 4], vec![1.0; 4]];
        assert_eq!(topics(&cluster(&broken)), [None; 4]);
    }
}
