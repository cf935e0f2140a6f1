//! Records how an answer came about: what the rungs considered, found and checked. The ladder and voice read these
//! fields. They become JSON once, as the `checks` of the receipt, with keys in the order of the fields.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::afterword::AfterwordTrace;
use super::decide::Features;
use super::decline::Declined;
use super::errands::ToolTrace;
use super::flow::FlowTrace;
use super::support::Verdict;
use super::talk::Talk;
use super::types::Rung;
use crate::hours::opening::{Span, Weekly};
use crate::llm::Served;
use crate::store::FaqId;

/// Empty fields have no key: receipts name only what happened.
#[derive(Debug, Default, Serialize)]
pub(super) struct Trace {
    #[serde(flatten)]
    pub(super) faq: Option<FaqTrace>,
    /// The kind of small talk that the message was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) talk: Option<Talk>,
    /// The topic or the language that the assistant leaves to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) declined: Option<Declined>,
    #[serde(flatten)]
    pub(super) facts: Option<FactTrace>,
    /// Number of paragraphs left out because they give orders to an assistant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) orders_ignored: Option<usize>,
    /// Id of an older document that contradicts the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contradicts: Option<String>,
    /// The formula computed from the quotation.
    #[serde(rename = "computed", skip_serializing_if = "Option::is_none")]
    pub(super) formula: Option<String>,
    /// What the model wrote, with the verdicts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sentences: Option<Vec<SentenceTrace>>,
    /// What the model added after the quotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) afterword: Option<AfterwordTrace>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<PartTrace>,
    /// The provider whose model wrote, in place of the local one.
    #[serde(rename = "provider", skip_serializing_if = "Option::is_none")]
    pub(super) served: Option<Served>,
    /// SHA-256 of the weights of the reader that took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reader_hash: Option<String>,
    /// Why the reader failed: a refusal then says nothing about the passages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rephrased: Option<Rephrased>,
    /// The deadline, if it passed before the model had finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deadline_seconds: Option<u32>,
    /// The answers that rungs considered, including those of rungs that passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) considered: Vec<Considered>,
    /// The workflow that took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workflow: Option<FlowTrace>,
    /// The tool that took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool: Option<ToolTrace>,
}

/// The approved answer, and how similar its question is.
#[derive(Debug, Serialize)]
pub(super) struct FaqTrace {
    pub(super) faq: FaqId,
    pub(super) phrasing: String,
    pub(super) cosine: Option<f32>,
    pub(super) overlap: f32,
}

/// The facts of an answer, and the time at which it applies.
#[derive(Debug, Serialize)]
pub(super) struct FactTrace {
    #[serde(flatten)]
    pub(super) basis: FactBasis,
    pub(super) now: String,
    pub(super) time_zone: String,
}

/// The source of an answer from facts.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum FactBasis {
    Days {
        computed: Vec<DayTrace>,
    },
    /// The usual hours of one day of the week.
    Habit {
        rows: Vec<Weekly>,
    },
    Week {
        week: Vec<Weekly>,
    },
    /// The documents' own words for these dates.
    Quoted {
        quoted: Vec<Date>,
        confirmed: bool,
    },
    Contact {
        confirmed: bool,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct DayTrace {
    pub(super) date: Date,
    pub(super) open: Vec<Span>,
    /// `exception`, `week` or `unstated`.
    pub(super) basis: &'static str,
}

/// A sentence that the model wrote, with its verdict.
#[derive(Debug, Serialize)]
pub(super) struct SentenceTrace {
    #[serde(flatten)]
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

/// One part of a question that asks several things.
#[derive(Debug, Serialize)]
pub(super) struct PartTrace {
    pub(super) question: String,
    /// `None` if no rung answered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rung: Option<Rung>,
    pub(super) checks: Trace,
}

/// The result of rephrasing the question in plain words.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Rephrased {
    Plainly(String),
    /// The model failed; `null` in the receipt.
    Failed,
}

/// An answer that a rung considered, and how sure it was, 0 to 1.
#[derive(Debug, Serialize)]
pub(super) struct Considered {
    pub(super) rung: Rung,
    pub(super) score: f32,
    pub(super) text: String,
    pub(super) features: Features,
    /// The places that it could have chosen instead.
    pub(super) others: Vec<OtherPlace>,
}

#[derive(Debug, Serialize)]
pub(super) struct OtherPlace {
    pub(super) score: f32,
    pub(super) text: String,
    pub(super) features: Features,
}

impl Trace {
    /// The provider that wrote, if people are to be told.
    pub(super) fn told_provider(&self) -> Option<String> {
        let served = self.served.as_ref().filter(|served| served.tell)?;
        Some(served.provider.clone())
    }

    /// Answers to its question that are offered as buttons.
    pub(super) fn options(&self) -> Vec<String> {
        let flow = self.workflow.as_ref();
        flow.map_or_else(Vec::new, |flow| flow.options.clone())
    }

    /// Whether a tool was asked and failed: then no document is missing.
    pub(super) fn has_failed_tool(&self) -> bool {
        self.tool.as_ref().is_some_and(ToolTrace::has_failed)
    }

    /// The latest score of a rung; 0 if it considered nothing.
    pub(super) fn latest_score(&self, rung: Rung) -> f32 {
        let latest = self.considered.iter().rev().find(|c| c.rung == rung);
        latest.map_or(0.0, |c| c.score)
    }

    pub(super) fn has_considered(&self, rung: Rung) -> bool {
        self.considered.iter().any(|c| c.rung == rung)
    }

    /// The form stored in the receipt.
    pub(super) fn into_json(self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(checks) => checks,
            // A struct is always an object.
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::decline::DeclinedBy;
    use crate::hours::opening::Day;
    use jiff::civil::{date, time};

    fn as_text(trace: Trace) -> String {
        Value::Object(trace.into_json()).to_string()
    }

    fn considered(rung: Rung, others: Vec<OtherPlace>) -> Considered {
        Considered {
            rung,
            score: 0.68,
            text: "Open.".into(),
            features: Features::default(),
            others,
        }
    }

    const FEATURES: &str = r#"{"margin":null,"alone":null,"marked":0,"gap":0.0,"quoted":0.0,"coverage":0.0,"unknown":0.0,"rarest":false,"lacks_figures":false,"cosine":0.0,"rank":0,"named_alone":false,"outdone":false,"approved":false,"words":0,"foreign":false,"judged":null}"#;

    #[test]
    fn receipts_have_these_keys_in_this_order() {
        let id = FaqId::new();
        let part = Trace {
            orders_ignored: Some(1),
            reader_hash: Some("ab".into()),
            ..Trace::default()
        };
        let full = Trace {
            faq: Some(FaqTrace {
                faq: id,
                phrasing: "Open?".into(),
                cosine: None,
                overlap: 1.0,
            }),
            talk: Some(Talk::HowAreYou),
            declined: Some(Declined {
                what: "politics".into(),
                by: DeclinedBy::Words,
                hand_over: true,
            }),
            facts: None,
            orders_ignored: Some(2),
            contradicts: Some("older".into()),
            formula: Some("3 × $45 = $135".into()),
            sentences: Some(vec![
                SentenceTrace {
                    verdict: Verdict::Supported { quote: 0 },
                    text: "Yes.".into(),
                },
                SentenceTrace {
                    verdict: Verdict::Unrelated { share: 0.25 },
                    text: "No.".into(),
                },
                SentenceTrace {
                    verdict: Verdict::Contrary,
                    text: "Never.".into(),
                },
            ]),
            afterword: None,
            parts: vec![
                PartTrace {
                    question: "When?".into(),
                    rung: Some(Rung::Read),
                    checks: part,
                },
                PartTrace {
                    question: "Where?".into(),
                    rung: None,
                    checks: Trace::default(),
                },
            ],
            served: Some(Served {
                provider: "Elsewhere".into(),
                model: "m".into(),
                tell: true,
            }),
            reader_hash: Some("cd".into()),
            unread: Some("it is loading".into()),
            rephrased: Some(Rephrased::Failed),
            deadline_seconds: Some(20),
            considered: vec![
                considered(
                    Rung::Read,
                    vec![OtherPlace {
                        score: 0.5,
                        text: "Closed.".into(),
                        features: Features::default(),
                    }],
                ),
                considered(Rung::Model, Vec::new()),
            ],
            workflow: None,
            tool: None,
        };
        // A single number is widened as it always was: 0.68 is kept as the f64 of its f32.
        let expected = format!(
            "{{\"faq\":\"{id}\",\"phrasing\":\"Open?\",\"cosine\":null,\"overlap\":1.0,\
             \"talk\":\"how_are_you\",\"declined\":{{\"what\":\"politics\",\"by\":\"words\",\
             \"hand_over\":true}},\"orders_ignored\":2,\"contradicts\":\"older\",\
             \"computed\":\"3 × $45 = $135\",\"sentences\":[\
             {{\"verdict\":\"supported\",\"quote\":0,\"text\":\"Yes.\"}},\
             {{\"verdict\":\"unrelated\",\"share\":0.25,\"text\":\"No.\"}},\
             {{\"verdict\":\"contrary\",\"text\":\"Never.\"}}],\
             \"parts\":[{{\"question\":\"When?\",\"rung\":\"read\",\
             \"checks\":{{\"orders_ignored\":1,\"reader_hash\":\"ab\"}}}},\
             {{\"question\":\"Where?\",\"checks\":{{}}}}],\
             \"provider\":{{\"provider\":\"Elsewhere\",\"model\":\"m\",\"tell\":true}},\
             \"reader_hash\":\"cd\",\"unread\":\"it is loading\",\"rephrased\":null,\
             \"deadline_seconds\":20,\"considered\":[\
             {{\"rung\":\"read\",\"score\":0.6800000071525574,\"text\":\"Open.\",\
             \"features\":{FEATURES},\"others\":[{{\"score\":0.5,\"text\":\"Closed.\",\
             \"features\":{FEATURES}}}]}},\
             {{\"rung\":\"model\",\"score\":0.6800000071525574,\"text\":\"Open.\",\
             \"features\":{FEATURES},\"others\":[]}}]}}"
        );
        assert_eq!(as_text(full), expected);
        assert_eq!(as_text(Trace::default()), "{}");
    }

    #[test]
    fn the_facts_of_an_answer_stand_beside_its_time() {
        let weekly = Weekly {
            label: None,
            days: vec![Day::Mon],
            which: Vec::new(),
            open: vec![Span {
                from: time(9, 0, 0, 0),
                to: time(17, 0, 0, 0),
            }],
            note: String::new(),
            from: None,
            until: None,
        };
        let row = json!(weekly).to_string();
        let day = DayTrace {
            date: date(2026, 11, 24),
            open: Vec::new(),
            basis: "exception",
        };
        for (basis, expected) in [
            (
                FactBasis::Days {
                    computed: vec![day],
                },
                r#""computed":[{"date":"2026-11-24","open":[],"basis":"exception"}]"#.to_owned(),
            ),
            (
                FactBasis::Habit {
                    rows: vec![weekly.clone()],
                },
                format!(r#""rows":[{row}]"#),
            ),
            (
                FactBasis::Week { week: vec![weekly] },
                format!(r#""week":[{row}]"#),
            ),
            (
                FactBasis::Quoted {
                    quoted: vec![date(2026, 11, 24)],
                    confirmed: false,
                },
                r#""quoted":["2026-11-24"],"confirmed":false"#.to_owned(),
            ),
            (
                FactBasis::Contact { confirmed: true },
                r#""confirmed":true"#.to_owned(),
            ),
        ] {
            let trace = Trace {
                facts: Some(FactTrace {
                    basis,
                    now: "then".into(),
                    time_zone: "Europe/London".into(),
                }),
                ..Trace::default()
            };
            let expected = format!(r#"{{{expected},"now":"then","time_zone":"Europe/London"}}"#);
            assert_eq!(as_text(trace), expected);
        }
    }

    #[test]
    fn the_latest_score_of_a_rung_counts() {
        let mut trace = Trace::default();
        assert!(trace.latest_score(Rung::Read) == 0.0 && !trace.has_considered(Rung::Model));
        trace.considered.push(considered(Rung::Read, Vec::new()));
        let last = Considered {
            score: 0.25,
            ..considered(Rung::Read, Vec::new())
        };
        trace.considered.push(last);
        assert!((trace.latest_score(Rung::Read) - 0.25).abs() < f32::EPSILON);
        assert!(trace.has_considered(Rung::Read));
    }
}
