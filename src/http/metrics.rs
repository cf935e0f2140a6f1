//! Metrics in Prometheus' text format. Labels come from closed sets (route patterns, not paths), so that no
//! visitor can make the number of series grow.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::Http;
use crate::app::WorkerStatus;
use crate::llm::ReadFigures;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkerLabel {
    worker: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: String,
}

pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabel, Histogram>,
    in_flight: Gauge,
    tokens: Family<KindLabel, Counter>,
    audio_seconds: Counter<f64, AtomicU64>,
    read_requests: Counter,
    read_passages: Counter,
    read_wait_ms: Counter,
    worker_restarts: Family<WorkerLabel, Gauge>,
    worker_memory: Family<WorkerLabel, Gauge>,
    worker_queue: Family<WorkerLabel, Gauge>,
    worker_ready: Family<WorkerLabel, Gauge>,
    documents: Family<StateLabel, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("frontdesk");
        let r = &mut registry;
        // 1 ms to 65 s: from a cached page to a long answer.
        let histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 17));
        let latency = Family::new_with_constructor(histogram as fn() -> Histogram);
        r.register_with_unit(
            "http_request",
            "Time from a request to the head of its response",
            Unit::Seconds,
            latency.clone(),
        );
        Self {
            requests: register(r, "http_requests", "Requests answered"),
            in_flight: register(r, "http_in_flight", "Requests being answered"),
            tokens: register(r, "llm_tokens", "Tokens of language models, by kind"),
            audio_seconds: register(r, "audio_seconds", "Seconds of audio transcribed"),
            read_requests: register(r, "read_requests", "Questions that passages were read for"),
            read_passages: register(r, "read_passages", "Passages that the reader read"),
            read_wait_ms: register(r, "read_wait_ms", "Time waited for the reader, ms"),
            worker_restarts: register(r, "worker_restarts", "Restarts of a worker since start"),
            worker_memory: register(r, "worker_memory_bytes", "Resident memory of a worker"),
            worker_queue: register(r, "worker_queue", "Requests that wait for a worker"),
            worker_ready: register(r, "worker_ready", "1 when the worker would serve now"),
            documents: register(r, "documents", "Documents, by state"),
            latency,
            registry,
        }
    }
}

fn register<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Default + Clone,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

impl Metrics {
    pub fn count_tokens(&self, prompt: u32, cached: u32, completion: u32) {
        let add = |kind, n: u32| {
            self.tokens
                .get_or_create(&KindLabel { kind })
                .inc_by(n.into())
        };
        add("prompt", prompt);
        add("cached", cached);
        add("completion", completion);
    }

    pub fn count_audio(&self, length: Duration) {
        self.audio_seconds.inc_by(length.as_secs_f64());
    }

    fn count_request(&self, labels: RequestLabels, took: Duration) {
        let route = RouteLabel {
            route: labels.route.clone(),
        };
        self.latency
            .get_or_create(&route)
            .observe(took.as_secs_f64());
        self.requests.get_or_create(&labels).inc();
    }

    /// Everything as OpenMetrics text. Workers, documents and the reader are passed in as they are now.
    pub fn render(
        &self,
        workers: &[WorkerStatus],
        documents: &[(String, i64)],
        read: ReadFigures,
    ) -> Result<String, std::fmt::Error> {
        for (counter, value) in [
            (&self.read_requests, read.requests),
            (&self.read_passages, read.passages),
            (&self.read_wait_ms, read.waited_ms),
        ] {
            counter.inner().store(value, Ordering::Relaxed);
        }
        for worker in workers {
            let label = WorkerLabel {
                worker: worker.name.clone(),
            };
            let set = |family: &Family<WorkerLabel, Gauge>, value: u64| {
                family
                    .get_or_create(&label)
                    .set(i64::try_from(value).unwrap_or(i64::MAX));
            };
            set(&self.worker_restarts, worker.restarts);
            set(&self.worker_memory, worker.memory_bytes);
            set(&self.worker_queue, worker.queue.into());
            set(&self.worker_ready, u64::from(worker.state == "ready"));
        }
        // A state that no document has any more must disappear, not keep its last count.
        self.documents.clear();
        for (state, count) in documents {
            self.documents
                .get_or_create(&StateLabel {
                    state: state.clone(),
                })
                .set(*count);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Middleware: counts every request by its route pattern.
pub(super) async fn track(State(http): State<Http>, request: Request, next: Next) -> Response {
    /// Decrements the gauge even when the client leaves before the answer.
    struct InFlight(Gauge);
    impl Drop for InFlight {
        fn drop(&mut self) {
            self.0.dec();
        }
    }
    let metrics = &http.metrics;
    metrics.in_flight.inc();
    let _in_flight = InFlight(metrics.in_flight.clone());
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("(none)", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    metrics.count_request(
        RequestLabels {
            method,
            route,
            status,
        },
        started.elapsed(),
    );
    response
}

/// A client may send any word as method; only these become labels.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_holds_what_was_counted() {
        let metrics = Metrics::default();
        let labels = RequestLabels {
            method: "GET",
            route: "/healthz".into(),
            status: 200,
        };
        metrics.count_request(labels, Duration::from_millis(3));
        metrics.count_tokens(10, 4, 2);
        metrics.count_audio(Duration::from_millis(1500));
        let worker = WorkerStatus {
            name: "llm".into(),
            state: "ready".into(),
            detail: None,
            restarts: 2,
            memory_bytes: 5,
            queue: 1,
            pid: None,
            held: None,
        };
        let read = ReadFigures {
            requests: 7,
            passages: 56,
            waited_ms: 420,
        };
        let text = metrics
            .render(&[worker], &[("ready".into(), 3)], read)
            .unwrap();
        for line in [
            r#"frontdesk_http_requests_total{method="GET",route="/healthz",status="200"} 1"#,
            r#"frontdesk_http_request_seconds_count{route="/healthz"} 1"#,
            r#"frontdesk_llm_tokens_total{kind="cached"} 4"#,
            "frontdesk_audio_seconds_total 1.5",
            "frontdesk_read_passages_total 56",
            "frontdesk_read_wait_ms_total 420",
            r#"frontdesk_worker_restarts{worker="llm"} 2"#,
            r#"frontdesk_documents{state="ready"} 3"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
