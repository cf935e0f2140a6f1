use std::time::Duration;

use super::*;

const NOW: UnixMs = 1_800_000_000_000;

fn solve(made: &ChallengeView) -> WorkRequest {
    let (_, signature) = made.challenge.rsplit_once('.').unwrap();
    let signature = hex::decode(signature).unwrap();
    let is_fine = |number: &u64| {
        let mut hash = Sha256::new();
        hash.update(&signature);
        hash.update(number.to_be_bytes());
        count_zero_bits(&hash.finalize()) >= made.bits
    };
    WorkRequest {
        challenge: made.challenge.clone(),
        solution: (0..).filter(is_fine).take(made.count).collect(),
    }
}

fn why(done: Result<(), Problem>) -> String {
    let refused = done.unwrap_err();
    assert_eq!(refused.code, "work_refused");
    refused.detail().to_owned()
}

#[test]
fn a_solved_challenge_opens_one_visit() {
    let (works, shop, other) = (Works::default(), WorkspaceId::new(), WorkspaceId::new());
    let made = works.make(shop, NOW, Instant::now()).unwrap();
    assert_eq!((made.bits, made.expires_at), (LEAST_BITS, NOW + LIFETIME));
    let work = solve(&made);
    assert!(why(works.redeem(other, &work, NOW)).contains("not made by this front desk"));
    let elsewhere = Works::default().redeem(shop, &work, NOW);
    assert!(why(elsewhere).contains("not made by this front desk"));
    assert!(why(works.redeem(shop, &work, NOW + LIFETIME)).contains("expired"));
    works.redeem(shop, &work, NOW + LIFETIME - 1).unwrap();
    assert!(why(works.redeem(shop, &work, NOW)).contains("used already"));
}

#[test]
fn a_challenge_cannot_be_made_easier_or_longer() {
    let (works, shop) = (Works::default(), WorkspaceId::new());
    let made = works.make(shop, NOW, Instant::now()).unwrap();
    let parts: Vec<&str> = made.challenge.split('.').collect();
    for forged in [
        format!("{}.1.{}.{}", parts[0], parts[2], parts[3]),
        format!("{}.{}.{}.{}", NOW * 2, parts[1], parts[2], parts[3]),
        format!("{}.{}.{}.", parts[0], parts[1], parts[2]),
        format!("{}.{}.{}.zz", parts[0], parts[1], parts[2]),
        String::new(),
        "....".into(),
    ] {
        let work = WorkRequest {
            challenge: forged.clone(),
            ..solve(&made)
        };
        assert!(
            why(works.redeem(shop, &work, NOW)).contains("not made"),
            "{forged}"
        );
    }
    let right = solve(&made);
    let first = right.solution[0];
    for wrong in [
        vec![],
        right.solution[1..].to_vec(),
        // One solution is not several.
        vec![first; COUNT],
        (0..4)
            .map(|number| right.solution[3] + 1 + number)
            .collect(),
        right.solution.iter().copied().chain([first]).collect(),
    ] {
        let work = WorkRequest {
            solution: wrong.clone(),
            ..right.clone()
        };
        let told = why(works.redeem(shop, &work, NOW));
        assert!(told.contains("does not solve"), "{wrong:?}");
    }
    works.redeem(shop, &right, NOW).unwrap();
}

#[test]
fn only_so_many_solved_challenges_are_remembered() {
    let (works, shop) = (Works::default(), WorkspaceId::new());
    let fill = |until| {
        let mut solved = works.solved.lock().unwrap();
        solved.clear();
        solved.extend((0..MOST_SOLVED as u128).map(|id| (id, until)));
    };
    let work = solve(&works.make(shop, NOW, Instant::now()).unwrap());
    fill(NOW + 1);
    let busy = works.redeem(shop, &work, NOW).unwrap_err();
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    fill(NOW);
    works.redeem(shop, &work, NOW).unwrap();
    assert_eq!(works.solved.lock().unwrap().len(), 1);
}

#[test]
fn a_flood_asks_for_work_and_a_heavy_one_for_more() {
    let (works, shop) = (Works::default(), WorkspaceId::new());
    let now = Instant::now();
    let needed = |when| works.is_needed(shop, when);
    assert!(!needed(ProofOfWork::Automatic) && needed(ProofOfWork::Always));
    for _ in 0..30 {
        works.note_refused(shop);
    }
    assert!(needed(ProofOfWork::Automatic) && !needed(ProofOfWork::Off));
    let bits = |works: &Works, at| works.make(shop, NOW, at).unwrap().bits;
    assert_eq!(bits(&works, now), LEAST_BITS);
    for _ in 0..30 {
        works.note_refused(shop);
    }
    assert_eq!(bits(&works, now), LEAST_BITS + 1);
    for _ in 0..3000 {
        works.note_refused(shop);
    }
    assert_eq!(bits(&works, now), MOST_BITS);
    let later = now + Duration::from_secs(600);
    assert_eq!(bits(&works, later), LEAST_BITS);
}

#[test]
fn zero_bits_are_counted_from_the_beginning() {
    for (hash, bits) in [
        ([0x80, 0], 0),
        ([0x01, 0], 7),
        ([0, 0x0f], 12),
        ([0, 0], 16),
    ] {
        assert_eq!(count_zero_bits(&hash), bits, "{hash:?}");
    }
}
