use super::*;
use crate::store::WorkspaceId;
use crate::usage::QueuePlace;

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
    assert!(visits.count_at(here, Deed::Dial, now).is_ok());
    let later = now + Duration::from_secs(10);
    assert!(visits.count_at(here, Deed::Note, later).is_ok());
    assert!(visits.count_at(here, Deed::Note, later).is_err());
}

#[test]
fn files_have_a_few_places_and_a_network_fewer() {
    let visits = Arc::new(Visits::default());
    let from = |last| visits.upload(IpAddr::from([10, 0, 0, last]));
    let status = |refused: Result<Upload, Problem>| refused.unwrap_err().status;
    let own: Vec<_> = (0..MOST_UPLOADS_OF_NETWORK)
        .map(|_| from(1).unwrap())
        .collect();
    assert_eq!(status(from(1)), StatusCode::TOO_MANY_REQUESTS);
    let others: Vec<_> = (2..)
        .take(MOST_UPLOADS - MOST_UPLOADS_OF_NETWORK)
        .map(|last| from(last).unwrap())
        .collect();
    assert_eq!(status(from(99)), StatusCode::SERVICE_UNAVAILABLE);
    drop(own);
    assert!(from(1).is_ok() && from(99).is_ok());
    drop(others);
    assert!(visits.uploads.lock().unwrap().is_empty());
}

#[test]
fn recordings_of_visitors_are_understood_one_at_a_time() {
    let visits = Visits::default();
    let shop = WorkspaceId::new();
    let flow = |last| Flow::visitor(shop, [10, 0, 0, last].into(), VisitorId::new());
    let mut first = visits.recording(flow(1)).unwrap();
    assert_eq!(first.place(), QueuePlace::Runs);
    let mut waiting: Vec<_> = (2..6).map(|n| visits.recording(flow(n)).unwrap()).collect();
    assert!(
        waiting
            .iter_mut()
            .all(|note| note.place() != QueuePlace::Runs)
    );
    let full = visits.recording(flow(9)).unwrap_err();
    assert_eq!(full.status, StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    assert_eq!(waiting[0].place(), QueuePlace::Runs);
}

#[test]
fn a_turn_beyond_the_few_that_may_wait_is_refused() {
    let visits = Visits::default();
    let flow = Flow::visitor(WorkspaceId::new(), [10, 0, 0, 1].into(), VisitorId::new());
    let waiting: Vec<_> = (0..4)
        .map(|_| visits.turn(flow, "How much is it?").unwrap())
        .collect();
    let own = visits.turn(flow, "How much is it?").unwrap_err();
    assert_eq!(own.status, StatusCode::TOO_MANY_REQUESTS);
    drop(waiting);
    assert!(visits.turn(flow, "How much is it?").is_ok());
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
