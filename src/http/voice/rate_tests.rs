use super::*;

#[test]
fn an_address_waits_after_a_burst_and_others_do_not() {
    let visits = Visits::default();
    let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    let now = Instant::now();
    for _ in 0..6 {
        assert!(visits.count_at(here, Deed::Note, now).is_ok());
    }
    assert_eq!(
        visits.count_at(here, Deed::Note, now),
        Err(Duration::from_secs(10))
    );
    assert!(visits.count_at(there, Deed::Note, now).is_ok());
    assert!(visits.count_at(here, Deed::Write, now).is_ok());
    let later = now + Duration::from_secs(10);
    assert!(visits.count_at(here, Deed::Note, later).is_ok());
    assert!(visits.count_at(here, Deed::Note, later).is_err());
}

#[tokio::test]
async fn a_visitors_turns_run_one_after_the_other_and_few_wait() {
    let visits = Arc::new(Visits::default());
    let visitor = VisitorId::new();
    let address = IpAddr::from([10, 0, 0, 1]);
    let first = visits.turn(visitor, address).await.unwrap();
    let waiting: Vec<_> = (1..MOST_TURNS)
        .map(|_| {
            let visits = Arc::clone(&visits);
            tokio::spawn(async move { visits.turn(visitor, address).await.map(drop) })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(waiting.iter().all(|w| !w.is_finished()));
    assert!(visits.turn(visitor, address).await.is_err(), "enough wait");
    let other = visits.turn(VisitorId::new(), address).await;
    assert!(other.is_ok(), "others do not");
    drop(other);
    drop(first);
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    assert!(visits.turns.lock().unwrap().is_empty());
    assert!(visits.networks.lock().unwrap().is_empty());
}

#[tokio::test]
async fn many_visitors_of_one_address_wait_and_those_of_another_do_not() {
    let visits = Arc::new(Visits::default());
    let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    let mut running = Vec::new();
    for _ in 0..TURNS_AT_A_TIME {
        running.push(visits.turn(VisitorId::new(), here).await.unwrap());
    }
    let waiting: Vec<_> = (TURNS_AT_A_TIME as usize..MOST_OF_ADDRESS)
        .map(|_| {
            let visits = Arc::clone(&visits);
            tokio::spawn(async move { visits.turn(VisitorId::new(), here).await.map(drop) })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(waiting.iter().all(|w| !w.is_finished()));
    assert!(visits.turn(VisitorId::new(), here).await.is_err());
    assert!(visits.turn(VisitorId::new(), there).await.is_ok());
    running.clear();
    for one in waiting {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn one_turn_of_an_address_runs_while_another_address_asks() {
    let visits = Arc::new(Visits::default());
    let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    let first = visits.turn(VisitorId::new(), here).await.unwrap();
    let second = visits.turn(VisitorId::new(), here).await.unwrap();
    drop(visits.turn(VisitorId::new(), there).await.unwrap());
    let third = {
        let visits = Arc::clone(&visits);
        tokio::spawn(async move { visits.turn(VisitorId::new(), here).await.map(drop) })
    };
    tokio::task::yield_now().await;
    assert!(!third.is_finished());
    drop(first);
    tokio::task::yield_now().await;
    assert!(!third.is_finished(), "one still runs");
    drop(second);
    third.await.unwrap().unwrap();
}

#[test]
fn others_are_forgotten_after_a_minute() {
    let mut asked = Asked::default();
    let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    let now = Instant::now();
    asked.note(here, now);
    assert!(!asked.by_others(here, now));
    assert!(asked.by_others(there, now));
    asked.note(there, now);
    asked.note(there, now);
    assert!(asked.by_others(here, now) && asked.by_others(there, now));
    let later = now + OTHERS_ASKED;
    asked.note(here, later);
    assert!(!asked.by_others(here, later));
}

#[tokio::test]
async fn recordings_of_visitors_are_understood_one_at_a_time() {
    let visits = Arc::new(Visits::default());
    let first = visits.note().await.unwrap();
    let waiting: Vec<_> = (0..MOST_NOTES)
        .map(|_| {
            let visits = Arc::clone(&visits);
            tokio::spawn(async move { visits.note().await.map(drop) })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(waiting.iter().all(|w| !w.is_finished()));
    assert!(visits.note().await.is_err(), "enough wait");
    drop(first);
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    assert!(visits.note().await.is_ok());
}

#[test]
fn sound_is_paid_for_when_it_is_known_how_long_it_was() {
    let visits = Visits::default();
    let here = IpAddr::from([10, 0, 0, 1]);
    let now = Instant::now();
    assert!(visits.count_at(here, Deed::Sound, now).is_ok());
    visits.charge(here, Deed::Sound, 300.0);
    assert!(visits.count_at(here, Deed::Sound, now).is_err());
    let later = now + Duration::from_secs(4 * 62);
    assert!(visits.count_at(here, Deed::Sound, later).is_ok());
}

#[test]
fn a_visitor_is_in_one_call_at_a_time() {
    let visits = Arc::new(Visits::default());
    let visitor = VisitorId::new();
    let address = |last| IpAddr::from([10, 0, 0, last]);
    let first = visits.call(visitor, address(1)).unwrap();
    assert!(visits.call(visitor, address(2)).is_err());
    let _second = visits.call(VisitorId::new(), address(1)).unwrap();
    assert!(visits.call(VisitorId::new(), address(1)).is_err());
    assert!(visits.call(VisitorId::new(), address(2)).is_ok());
    drop(first);
    assert!(visits.call(visitor, address(1)).is_ok());
}
