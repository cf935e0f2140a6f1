//! The rung for messages that need no search: greetings, thanks, requests for a person, insults, and
//! unreadable messages. Answers in the visitor's language, always with the same words.

use super::{Draft, faq};
use crate::agent::case::Case;
use crate::agent::phrases::phrases;
use crate::agent::talk::{self, Talk};
use crate::agent::trace::Trace;
use crate::agent::types::Rung;
use crate::knowledge::FaqMatch;
use crate::language;
use crate::language::Language;
use crate::llm::Role;
use crate::store::assistants::Tone;

pub(super) fn answer_by_words(case: &Case<'_>, trace: &mut Trace) -> Option<Draft> {
    let (talk, language) = recognise(case)?;
    Some(respond(talk, language, case, trace))
}

pub(super) async fn answer_by_meaning(case: &Case<'_>, trace: &mut Trace) -> Option<Draft> {
    let talk = judge_meaning(case).await?;
    Some(respond(talk, case.language, case, trace))
}

fn respond(talk: Talk, language: Language, case: &Case<'_>, trace: &mut Trace) -> Draft {
    trace.talk = Some(talk);
    let language = case.permitted(language);
    let unkept = case.business.needs_consent && gives_details(talk, case.question);
    if talk == Talk::Person
        && !unkept
        && let Some(found) = find_answer_about_person(case, language)
    {
        let mut draft = faq::give_match(&found, case, trace);
        draft.handoff = true;
        return draft;
    }
    let phrase = match unkept {
        true => phrases(language).unkept,
        false => shorten(
            phrase_for(talk, language, case.business.needs_consent),
            talk,
            case.own.tone,
        ),
    };
    let text = phrase.replace("{business}", &case.business.title);
    let mut draft = Draft::new(Rung::Talk, text, Vec::new(), case);
    draft.handoff = matches!(talk, Talk::Person | Talk::Contact | Talk::Abuse);
    draft
}

/// Whether a message says how to reach the visitor, so that it would be kept as a lead.
fn gives_details(talk: Talk, message: &str) -> bool {
    match talk {
        Talk::Contact => true,
        Talk::Person => talk::has_details(message),
        _ => false,
    }
}

/// Recognises small talk by its meaning, if its words are unknown.
async fn judge_meaning(case: &Case<'_>) -> Option<Talk> {
    if !talk::may_be_meant(case.question) {
        return None;
    }
    let vector = case.own_vector().await?;
    talk::of_vector(vector, &case.knowledge.search().embedder_name())
}

/// The business's own answer to visitors who want a person: an approved answer to such a
/// request, if there is one, preferably in the visitor's language.
fn find_answer_about_person(case: &Case<'_>, wanted: Language) -> Option<FaqMatch> {
    let now = case.now.as_millisecond();
    let mut found: Vec<FaqMatch> = Vec::new();
    let live = case.knowledge.faqs().list_live(case.workspace, now);
    for faq in live.into_iter().filter(|faq| case.has_chosen(faq)) {
        let asked = faq.phrasings.iter().find(|p| {
            let likely = language::of_question(&p.question);
            talk::of_message(&p.question, likely, &case.business.title)
                .is_some_and(|(talk, _)| talk == Talk::Person)
        });
        if let Some(phrasing) = asked {
            found.push(FaqMatch {
                phrasing: phrasing.question.clone(),
                cosine: None,
                answered: None,
                overlap: 1.0,
                score: 1.0,
                certain: true,
                faq,
            });
        }
    }
    let in_language = |m: &FaqMatch| m.faq.language.as_deref() == Some(wanted.code());
    let at = found.iter().position(in_language).unwrap_or(0);
    (at < found.len()).then(|| found.swap_remove(at))
}

/// Recognises small talk by its words, with the language to answer in.
fn recognise(case: &Case<'_>) -> Option<(Talk, Language)> {
    // One or two words ("ok", "super", an emoji) do not reveal a language: keep the one so far.
    let few = case.question.split_whitespace().count() <= 2;
    let likely = match case.last_message(Role::User) {
        Some(before) if few => language::of_question(before),
        _ => case.language,
    };
    let before = case.last_message(Role::Assistant);
    if let Some(found) = talk::after_offer(case.question, before) {
        return Some(found);
    }
    if let Some(found) = talk::of_message(case.question, likely, &case.business.title) {
        return Some(found);
    }
    let unknown = case.found.passages.iter().all(|p| p.coverage == 0.0);
    (unknown && talk::is_gibberish(case.question)).then_some((Talk::Unclear, likely))
}

/// In a brief tone, courtesies are one sentence.
fn shorten(phrase: &'static str, talk: Talk, tone: Option<Tone>) -> &'static str {
    let courtesy = matches!(
        talk,
        Talk::Acknowledgement | Talk::Thanks | Talk::Goodbye | Talk::HowAreYou
    );
    if tone != Some(Tone::Brief) || !courtesy {
        return phrase;
    }
    let first = language::sentences::sentences(phrase).into_iter().next();
    first
        .and_then(|range| phrase.get(range))
        .map_or(phrase, str::trim)
}

fn phrase_for(talk: Talk, language: Language, in_form: bool) -> &'static str {
    let phrases = phrases(language);
    let offers = phrases.offers(in_form);
    match talk {
        Talk::Acknowledgement => phrases.acknowledged,
        Talk::Greeting => phrases.greeting,
        Talk::Thanks => phrases.thanks,
        Talk::Goodbye => phrases.goodbye,
        Talk::HowAreYou => phrases.how_are_you,
        Talk::Capabilities => phrases.capabilities,
        Talk::Language => phrases.language,
        Talk::Bot => phrases.bot,
        Talk::Abuse => offers.abuse,
        Talk::Contact => phrases.noted,
        Talk::Person => offers.handover,
        Talk::Unclear => phrases.unclear,
    }
}
