use super::*;
use crate::store::{VisitorId, WorkspaceId};

fn queue(places: usize) -> Arc<FairQueue> {
    with_spare(places, 0)
}

fn with_spare(places: usize, spare: usize) -> Arc<FairQueue> {
    Arc::new(FairQueue::new(QueueLimits {
        places,
        spare,
        places_of_network: 2,
        of_visitor: 3,
        of_network: 6,
        waiting: 8,
        of_member: 9,
    }))
}

struct Shop(WorkspaceId);

impl Shop {
    fn visitor(&self, last: u8) -> Flow {
        Flow::visitor(self.0, [10, 0, 0, last].into(), VisitorId::new())
    }
}

fn shop() -> Shop {
    Shop(WorkspaceId::new())
}

fn runs(ticket: &mut Ticket) -> bool {
    ticket.place() == QueuePlace::Runs
}

fn ahead(ticket: &mut Ticket) -> Option<usize> {
    match ticket.place() {
        QueuePlace::Waits { ahead, .. } => Some(ahead),
        QueuePlace::Runs => None,
    }
}

#[test]
fn a_visitors_turns_run_one_after_the_other_and_few_wait() {
    let (queue, visitor) = (queue(4), shop().visitor(1));
    let mut first = queue.join(visitor, Size::Usual).unwrap();
    let mut second = queue.join(visitor, Size::Usual).unwrap();
    let mut third = queue.join(visitor, Size::Usual).unwrap();
    assert_eq!(
        queue.join(visitor, Size::Usual).unwrap_err(),
        QueueFull::Own
    );
    assert!(runs(&mut first) && !runs(&mut second) && !runs(&mut third));
    drop(first);
    assert!(runs(&mut second) && !runs(&mut third));
    drop(second);
    assert!(runs(&mut third));
}

#[test]
fn many_visitors_of_a_network_wait_and_those_of_another_do_not() {
    let (queue, shop) = (queue(4), shop());
    let mut here: Vec<Ticket> = (0..6)
        .map(|_| queue.join(shop.visitor(1), Size::Usual).unwrap())
        .collect();
    assert_eq!(
        queue.join(shop.visitor(1), Size::Usual).unwrap_err(),
        QueueFull::Own
    );
    assert_eq!(
        here.iter_mut().filter_map(ahead).collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
    assert!(runs(&mut queue.join(shop.visitor(2), Size::Usual).unwrap()));
}

#[test]
fn whoever_was_given_least_is_next() {
    let (queue, shop) = (queue(1), shop());
    let busy = shop.visitor(1);
    let held = queue.join(busy, Size::Usual).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut again = queue.join(busy, Size::Usual).unwrap();
    let mut calm = queue.join(shop.visitor(2), Size::Usual).unwrap();
    drop(held);
    assert!(runs(&mut calm));
    assert_eq!(ahead(&mut again), Some(0));
    drop(calm);
    assert!(runs(&mut again));
}

#[test]
fn what_is_small_need_not_wait_for_what_is_large() {
    let (queue, shop) = (with_spare(2, 1), shop());
    let large: Vec<Ticket> = (0..3)
        .map(|n| queue.join(shop.visitor(n), Size::Usual).unwrap())
        .collect();
    let mut small = queue.join(shop.visitor(8), Size::Small).unwrap();
    let mut second = queue.join(shop.visitor(9), Size::Small).unwrap();
    assert!(runs(&mut small), "in the spare place");
    assert!(!runs(&mut second), "there is one");
    drop(small);
    assert!(runs(&mut second));
    let mut large = large.into_iter();
    drop((large.next(), second));
    let mut others: Vec<Ticket> = large.collect();
    assert!(others.iter_mut().all(runs), "the places are for all");
}

#[test]
fn too_many_are_told_how_long_it_takes_and_who_leaves_makes_room() {
    let (queue, shop) = (queue(1), shop());
    let mut tickets: Vec<Ticket> = (0..9)
        .map(|n| queue.join(shop.visitor(n), Size::Usual).unwrap())
        .collect();
    let full = queue.join(shop.visitor(99), Size::Usual).unwrap_err();
    assert!(
        matches!(full, QueueFull::All(about) if about.as_secs() >= 9),
        "{full:?}"
    );
    let mut last = tickets.pop().unwrap();
    assert_eq!(ahead(&mut last), Some(7));
    drop(tickets.remove(3));
    assert_eq!(ahead(&mut last), Some(6));
    assert!(queue.join(shop.visitor(99), Size::Usual).is_ok());
}

#[test]
fn staff_and_programs_go_first_and_wait_in_their_own_number() {
    let (queue, shop) = (queue(1), shop());
    let held = queue.join(shop.visitor(1), Size::Usual).unwrap();
    let visitors: Vec<Ticket> = (0..8)
        .map(|n| queue.join(shop.visitor(n), Size::Usual).unwrap())
        .collect();
    assert!(queue.join(shop.visitor(9), Size::Usual).is_err());
    let program = Flow::member(shop.0, &"key");
    let mut own: Vec<Ticket> = (0..9)
        .map(|_| queue.join(program, Size::Usual).unwrap())
        .collect();
    assert_eq!(
        queue.join(program, Size::Usual).unwrap_err(),
        QueueFull::Own
    );
    std::thread::sleep(std::time::Duration::from_millis(5));
    drop(held);
    let first = own.iter_mut().map(runs).filter(|runs| *runs).count();
    assert_eq!(
        (first, visitors.len()),
        (1, 8),
        "a program's, of all that wait"
    );
}

#[tokio::test]
async fn who_waits_hears_of_each_step() {
    let (queue, shop) = (queue(1), shop());
    let first = queue.join(shop.visitor(1), Size::Usual).unwrap();
    let second = queue.join(shop.visitor(2), Size::Usual).unwrap();
    let mut third = queue.join(shop.visitor(3), Size::Usual).unwrap();
    assert_eq!(ahead(&mut third), Some(1));
    drop(second);
    assert!(matches!(
        third.changed().await,
        QueuePlace::Waits { ahead: 0, .. }
    ));
    drop(first);
    assert_eq!(third.changed().await, QueuePlace::Runs);
    third.runs().await;
}
