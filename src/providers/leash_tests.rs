//! What the owner allows, and what it may cost.

use super::*;

#[tokio::test]
async fn nothing_goes_out_that_the_owner_did_not_allow() {
    type Set = fn(&mut Wanted, &mut ProviderUse);
    let cases: [(&str, Reach, Set); 5] = [
        ("a class that is not ticked", Reach::Open, |wanted, _| {
            wanted.classes = vec!["business".to_owned()];
        }),
        ("off", Reach::Open, |wanted, _| wanted.active = false),
        ("only here", Reach::Open, |_, used| used.mode = Mode::Local),
        ("no budget", Reach::Open, |wanted, _| {
            wanted.budget.micro = Some(10);
        }),
        ("sealed", Reach::Nothing, |_, _| {}),
    ];
    for (name, reach, set) in cases {
        let desk = Desk::with(ProviderKind::OpenAi, reach, set).await;
        desk.fake.then(Script::stream(openai::words(&["remote"])));
        assert_eq!(desk.hello().await, local(), "{name}");
        assert!(desk.fake.seen().is_empty(), "{name}");
        assert_eq!(desk.spent().await, Spend::default(), "{name}");
    }
    let desk = Desk::of(ProviderKind::OpenAi).await;
    let house = ChatRequest::new(
        vec![ChatMessage::new(Role::User, "x")],
        Priority::Background,
    );
    assert_eq!(desk.say(house).await, local());
    let choice = ChatRequest {
        format: OutputFormat::Choice(vec!["yes".to_owned(), "no".to_owned()]),
        ..desk.request("Hello")
    };
    assert_eq!(desk.say(choice).await, local());
    assert!(desk.fake.seen().is_empty());
}

#[tokio::test]
async fn work_that_waits_too_long_here_goes_elsewhere() {
    let overflow = |_: &mut Wanted, used: &mut ProviderUse| used.mode = Mode::Overflow;
    let mut desk = Desk::with(ProviderKind::OpenAi, Reach::Open, overflow).await;
    desk.fake.then(Script::stream(openai::words(&["remote"])));
    assert_eq!(desk.hello().await, local());
    assert!(desk.fake.seen().is_empty());
    desk.here = Arc::new(Here {
        waits: Duration::from_secs(2),
        ..Here::default()
    });
    assert_eq!(desk.hello().await.0, "remote");
    desk.fake.then(Script::error(500, "oops"));
    assert_eq!(desk.hello().await, local());
}

#[tokio::test]
async fn a_provider_that_asked_for_peace_gets_it() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    let mut busy = Script::error(429, "slow down");
    busy.headers.push(("retry-after", "60".to_owned()));
    desk.fake
        .then(busy)
        .then(Script::stream(openai::words(&["remote"])));
    assert_eq!(desk.hello().await, local());
    assert_eq!(desk.hello().await, local());
    assert_eq!(desk.fake.seen().len(), 1);
    let left = desk
        .providers
        .inner
        .breakers
        .admit(desk.provider().await.id);
    assert!(left.unwrap_err() > Duration::from_secs(50));
}

#[tokio::test]
async fn the_budget_is_exact_when_many_ask_at_once() {
    let desk = Desk::with(ProviderKind::OpenAi, Reach::Open, |wanted, _| {
        wanted.budget.tokens = Some(1_000);
    })
    .await;
    for _ in 0..40 {
        desk.fake.then(Script::stream(openai::words(&["remote"])));
    }
    let asking = (0..40).map(|_| desk.hello());
    let answers = futures::future::join_all(asking).await;
    let remote = answers.iter().filter(|(text, _)| text == "remote").count();
    let spent = desk.spent().await;
    assert!(remote > 0 && remote < 40, "{remote}");
    assert_eq!(spent.requests, remote as u64);
    assert_eq!(spent.tokens, 25 * remote as u64);
    assert!(spent.tokens <= 1_000);
    assert_eq!(desk.fake.seen().len(), remote);
}

#[tokio::test]
async fn the_list_of_subprocessors_is_what_is_turned_on() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    let workspace = desk.workspace;
    let read = desk.store.read(move |conn| {
        let all = kept::list(conn, workspace)?;
        Ok((all, kept::uses(conn, workspace)?))
    });
    let (mut all, uses) = read.await.unwrap();
    let listed = subprocessors(&all, &uses);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].name.as_str(), listed[0].host.as_str()),
        ("Cloud", "127.0.0.1")
    );
    assert_eq!(listed[0].uses, [(Use::Chat, Mode::Provider)]);
    assert!(subprocessors(&all, &[]).is_empty());
    all[0].active = false;
    assert!(subprocessors(&all, &uses).is_empty());
    assert_eq!(promises(&all[0]).len(), 1);
}
