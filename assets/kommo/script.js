// Frontdesk's widget for Kommo: a panel in the lead's card. Kommo loads it as an AMD module and calls its callbacks. It asks
// the server that the package was made for, and no other. Whatever comes from there is put on the page as text only.
define(['jquery'], function () {
  'use strict'

  var SERVER = 'https://frontdesk.invalid'
  var VERSION = '1.0.0'
  var LEADS = SERVER + '/crm/kommo/widget/leads/'
  // In ms.
  var REQUEST_LIMIT = 20000
  var FIRST_WAIT = 2000
  var LONGEST_WAIT = 15000
  var MOST_BARS = 24
  var LENGTHS = ['short', 'medium', 'long']

  // An element with a class of ours; what follows are texts, elements, or nothing.
  function el(tag, name) {
    var node = document.createElement(tag)
    if (name) node.className = 'fd-' + name
    for (var i = 2; i < arguments.length; i++) {
      var part = arguments[i]
      if (part === null || part === undefined || part === '') continue
      node.appendChild(part.nodeType ? part : document.createTextNode(String(part)))
    }
    return node
  }

  function button(name, text, act) {
    var node = el('button', 'button' + (name ? ' fd-button_' + name : ''), text)
    node.type = 'button'
    node.addEventListener('click', act)
    return node
  }

  function empty(node) {
    while (node.firstChild) node.removeChild(node.firstChild)
  }

  function fill(text, values) {
    return String(text || '').replace(/\{(\w+)\}/g, function (whole, name) {
      return Object.prototype.hasOwnProperty.call(values, name) ? String(values[name]) : whole
    })
  }

  function list(value) {
    return Array.isArray(value) ? value : []
  }

  // The card of a lead: its id, 0 for one that is not saved yet, null where no card of a lead is shown.
  function leadOnPage(widget) {
    var area = null
    try { area = widget.system().area } catch (_) { area = null }
    if (area !== 'lcard') return null
    var app = window.APP
    var card = app && app.data && app.data.current_card
    if (!card) return null
    var id = Number(card.id)
    return Number.isSafeInteger(id) && id > 0 ? id : 0
  }

  // One card's panel.
  function Panel(widget, host, lead, words) {
    this.widget = widget
    this.host = host
    this.lead = lead
    this.words = words || {}
    this.length = 'short'
    this.wait = FIRST_WAIT
    this.timer = null
    this.ended = false
    this.busy = false
    this.hung = []
  }

  Panel.prototype.t = function (path, values) {
    var found = this.words
    var names = path.split('.')
    for (var i = 0; i < names.length; i++) {
      if (!found || !Object.prototype.hasOwnProperty.call(found, names[i])) return ''
      found = found[names[i]]
    }
    return typeof found === 'string' ? fill(found, values || {}) : ''
  }

  Panel.prototype.start = function () {
    if (this.lead === 0) return this.say(this.t('new_card'))
    this.say(this.t('loading'))
    this.load()
  }

  Panel.prototype.end = function () {
    this.ended = true
    clearTimeout(this.timer)
    this.unhang()
  }

  // Whether the page still shows what this panel is about: Kommo changes cards without loading a page.
  Panel.prototype.isCurrent = function () {
    return !this.ended && document.contains(this.host) && leadOnPage(this.widget) === this.lead
  }

  Panel.prototype.ask = function (method, end, body, then) {
    var self = this
    var call = {
      url: LEADS + this.lead + end,
      method: method,
      dataType: 'json',
      timeout: REQUEST_LIMIT
    }
    if (body) {
      call.contentType = 'application/json'
      call.data = JSON.stringify(body)
    }
    this.widget.$authorizedAjax(call)
      .done(function (answer) { if (self.isCurrent()) then(null, answer || {}) })
      .fail(function (failure) { if (self.isCurrent()) then(self.reason(failure), null) })
  }

  // A failed request as a sentence in the reader's language.
  Panel.prototype.reason = function (failure) {
    var status = Number(failure && failure.status) || 0
    if (status === 0) return this.t('errors.offline')
    var code = failure.responseJSON && failure.responseJSON.code
    return (typeof code === 'string' && this.t('errors.' + code)) || this.t('errors.server')
  }

  Panel.prototype.load = function () {
    var self = this
    if (this.busy) return
    this.busy = true
    this.ask('GET', '', null, function (error, card) {
      self.busy = false
      if (error) return self.fail(error, function () { self.load() })
      self.show(card)
    })
  }

  Panel.prototype.later = function () {
    var self = this
    clearTimeout(this.timer)
    this.timer = setTimeout(function () {
      if (!self.isCurrent()) return self.end()
      // Nobody looks: ask less often, and ask nothing.
      if (document.hidden) return self.later()
      self.load()
    }, this.wait)
    this.wait = Math.min(this.wait * 1.4, LONGEST_WAIT)
  }

  Panel.prototype.analyse = function () {
    var self = this
    if (this.busy) return
    this.busy = true
    this.wait = FIRST_WAIT
    this.say(this.t('steps.queued'))
    this.ask('POST', '/analyse', {}, function (error, card) {
      self.busy = false
      if (error) return self.fail(error, function () { self.analyse() })
      self.show(card)
    })
  }

  Panel.prototype.makeTask = function (pressed) {
    var self = this
    if (this.busy) return
    this.busy = true
    pressed.disabled = true
    this.ask('POST', '/task', {}, function (error, card) {
      self.busy = false
      if (error) {
        pressed.disabled = false
        pressed.parentNode.appendChild(self.warning(error))
        return
      }
      self.show(card)
    })
  }

  Panel.prototype.say = function (text) {
    empty(this.host)
    var told = el('p', 'told', text)
    told.setAttribute('role', 'status')
    this.host.appendChild(told)
  }

  Panel.prototype.warning = function (text) {
    var told = el('p', 'warning', text)
    told.setAttribute('role', 'alert')
    return told
  }

  Panel.prototype.fail = function (text, again) {
    empty(this.host)
    this.host.appendChild(this.warning(text))
    this.host.appendChild(button('', this.t('retry'), again))
  }

  // Shows a card as the server tells it. One pass builds it apart from the page, one insertion shows it.
  Panel.prototype.show = function (card) {
    var parts = document.createDocumentFragment()
    var analysis = card.analysis
    var job = card.job
    var works = job && (job.state === 'queued' || job.state === 'running')
    if (works) {
      var told = el('p', 'told', this.t('steps.' + job.step, job) || this.t('steps.queued'))
      told.setAttribute('role', 'status')
      parts.appendChild(told)
    }
    if (job && job.state === 'failed') {
      parts.appendChild(this.warning(this.t('errors.' + job.code) || this.t('errors.server')))
    }
    list(card.notices).forEach(function (code) {
      var sentence = this.t('errors.' + code)
      if (sentence) parts.appendChild(el('p', 'hint', sentence))
    }, this)
    if (analysis) {
      parts.appendChild(this.score(analysis))
      if (list(analysis.moods).length) parts.appendChild(this.mood(analysis))
      parts.appendChild(this.summary(analysis))
      if (analysis.next_step) parts.appendChild(this.nextStep(analysis, card.task))
    } else if (!works) {
      parts.appendChild(el('p', 'told', this.t('not_yet')))
    }
    this.unhang()
    var left = list(card.voices).filter(function (voice) { return !this.hang(voice) }, this)
    if (left.length) parts.appendChild(this.voices(left))
    if (!works) parts.appendChild(this.analyseButton(card))
    parts.appendChild(this.left(card))
    empty(this.host)
    this.host.appendChild(parts)
    if (works) this.later()
  }

  Panel.prototype.analyseButton = function (card) {
    var self = this
    var count = Number(card.new_messages) || 0
    var text = this.t('analyse')
    if (card.analysis) {
      text = count === 0 ? this.t('again')
        : count === 1 ? this.t('again_one')
        : this.t('again_many', { count: count })
    }
    var name = !card.analysis || count > 0 ? 'main' : ''
    return button(name, text, function () { self.analyse() })
  }

  Panel.prototype.score = function (analysis) {
    var value = Math.max(0, Math.min(100, Math.round(Number(analysis.score) || 0)))
    var bar = el('span', 'bar', el('span', 'bar__filled'))
    bar.setAttribute('aria-hidden', 'true')
    bar.firstChild.style.width = value + '%'
    var box = el('section', 'part',
      el('h3', 'title', this.t('score')),
      el('p', 'score', el('strong', 'score__value', value), ' ' + this.t('of_100') + ' ',
        analysis.band ? el('span', 'band', analysis.band) : null),
      bar)
    if (typeof analysis.model_score === 'number' && typeof analysis.rule_score === 'number') {
      var rules = (analysis.rule_score > 0 ? '+' : '') + analysis.rule_score
      box.appendChild(el('p', 'hint', this.t('judged', { model: analysis.model_score, rules: rules })))
    }
    var reasons = list(analysis.reasons)
    if (reasons.length) {
      var rows = el('ul', 'reasons')
      reasons.forEach(function (reason) {
        var points = (reason.points > 0 ? '+' : '') + Number(reason.points || 0) + ' '
        rows.appendChild(el('li', 'reason', el('span', 'points', points), reason.text,
          reason.quote ? el('q', 'quote', reason.quote) : null))
      })
      box.appendChild(el('h4', 'subtitle', this.t('reasons')))
      box.appendChild(rows)
    } else {
      box.appendChild(el('p', 'hint', this.t('no_reasons')))
    }
    if (analysis.at) {
      box.appendChild(el('p', 'hint', this.t('at', { when: new Date(Number(analysis.at)).toLocaleString() })))
    }
    return box
  }

  // The customer's mood over the conversation, in at most MOST_BARS steps.
  Panel.prototype.mood = function (analysis) {
    var all = list(analysis.moods).map(Number).filter(function (value) { return value >= -2 && value <= 2 })
    var size = Math.max(1, Math.ceil(all.length / MOST_BARS))
    var bars = el('span', 'moods')
    bars.setAttribute('aria-hidden', 'true')
    for (var i = 0; i < all.length; i += size) {
      var some = all.slice(i, i + size)
      var mean = Math.round(some.reduce(function (sum, value) { return sum + value }, 0) / some.length)
      bars.appendChild(el('span', 'mood fd-mood_' + (mean + 2)))
    }
    var half = Math.ceil(all.length / 2)
    function average(part) {
      return part.length ? part.reduce(function (sum, value) { return sum + value }, 0) / part.length : 0
    }
    var change = all.length > 3 ? average(all.slice(half)) - average(all.slice(0, half)) : 0
    var way = change >= 0.5 ? this.t('mood_rises') : change <= -0.5 ? this.t('mood_falls') : ''
    var last = all.length ? Math.round(average(all.slice(-3))) : 0
    return el('section', 'part',
      el('h3', 'title', this.t('mood')),
      el('p', 'line', this.t('moods.' + last) + (way ? '. ' + way : '')),
      bars)
  }

  Panel.prototype.summary = function (analysis) {
    var self = this
    var text = el('p', 'summary')
    var tabs = el('div', 'tabs')
    var summary = analysis.summary || {}
    function choose(length) {
      self.length = length
      text.textContent = summary[length] || summary.short || ''
      Array.prototype.forEach.call(tabs.children, function (tab) {
        tab.setAttribute('aria-pressed', String(tab.getAttribute('data-length') === length))
      })
    }
    LENGTHS.forEach(function (length) {
      var tab = button('tab', self.t(length), function () { choose(length) })
      tab.setAttribute('data-length', length)
      tabs.appendChild(tab)
    })
    choose(this.length)
    return el('section', 'part', el('h3', 'title', this.t('summary')), tabs, text)
  }

  Panel.prototype.nextStep = function (analysis, task) {
    var self = this
    var step = analysis.next_step
    var box = el('section', 'part', el('h3', 'title', this.t('next_step')), el('p', 'line', step.what))
    if (task && task.made) {
      var told = el('p', 'done', this.t('task_made'))
      told.setAttribute('role', 'status')
      box.appendChild(told)
    } else if (step.what) {
      var make = button('', this.t('make_task'), function () { self.makeTask(make) })
      make.setAttribute('data-act', 'task')
      box.appendChild(make)
    }
    if (step.draft) {
      box.appendChild(el('details', 'draft', el('summary', 'subtitle', this.t('draft')), el('p', 'summary', step.draft)))
    }
    return box
  }

  Panel.prototype.voiceText = function (voice) {
    if (voice.state === 'waits') return this.t('voice_waits')
    if (voice.state === 'silent') return this.t('voice_silent')
    if (voice.state === 'failed') return this.t('errors.' + voice.code) || this.t('errors.server')
    return voice.text
  }

  Panel.prototype.voices = function (voices) {
    var box = el('section', 'part', el('h3', 'title', this.t('voice')))
    voices.forEach(function (voice) {
      var who = voice.who === 'customer' ? this.t('customer') : this.t('staff')
      var when = voice.at ? new Date(Number(voice.at)).toLocaleString() : ''
      box.appendChild(el('p', 'voice', el('span', 'hint', who + (when ? ', ' + when : '')), ' ', this.voiceText(voice)))
    }, this)
    return box
  }

  // Puts a transcript under its message in the card's feed, if the feed names its messages.
  Panel.prototype.hang = function (voice) {
    if (!/^[\w-]{1,64}$/.test(String(voice.message))) return false
    var message = document.querySelector('.notes-wrapper [data-id="' + voice.message + '"]')
    if (!message) return false
    var told = el('p', 'under', this.voiceText(voice))
    message.appendChild(told)
    this.hung.push(told)
    return true
  }

  Panel.prototype.unhang = function () {
    this.hung.forEach(function (node) { if (node.parentNode) node.parentNode.removeChild(node) })
    this.hung = []
  }

  // What the month's plan has left.
  Panel.prototype.left = function (card) {
    var box = el('div', 'left')
    list(card.quota).forEach(function (measure) {
      var text = this.t('left.' + measure.measure, { left: measure.left, limit: measure.limit })
      if (!text) return
      if (measure.warned && !measure.used_up) text += '. ' + this.t('nearly_used')
      box.appendChild(el('p', measure.warned ? 'warning' : 'hint', text))
    }, this)
    return box
  }

  return function () {
    var self = this
    var panel = null
    var places = 0

    function end() {
      if (panel) panel.end()
      panel = null
    }

    function addStyle() {
      var path = (self.params && self.params.path) || ''
      if (!path || document.querySelector('link[data-fd-style]')) return
      var link = document.createElement('link')
      link.rel = 'stylesheet'
      link.href = path + '/style.css?v=' + VERSION
      link.setAttribute('data-fd-style', '')
      document.head.appendChild(link)
    }

    // Sentence and link for the windows of settings.
    function tell(place) {
      if (!place || place.querySelector('.fd-about')) return
      var link = el('a', 'link', self.i18n('settings').open)
      link.href = SERVER + '/crm'
      link.target = '_blank'
      link.rel = 'noopener noreferrer'
      var text = fill(self.i18n('settings').connected_with, { server: SERVER })
      place.appendChild(el('div', 'kommo fd-about', el('p', 'told', text), link))
    }

    this.callbacks = {
      render: function () {
        end()
        var lead = leadOnPage(self)
        if (lead === null) return true
        addStyle()
        places += 1
        var id = 'fd-' + places + '-' + Math.random().toString(36).slice(2)
        // Nothing of this text comes from elsewhere.
        self.render_template({
          caption: { class_name: 'fd-caption' },
          body: '',
          render: '<div class="fd-kommo" id="' + id + '"></div>'
        })
        var host = document.getElementById(id)
        if (!host) return true
        panel = new Panel(self, host, lead, self.i18n('userLang'))
        panel.start()
        return true
      },
      init: function () { return true },
      bind_actions: function () { return true },
      settings: function ($modal) {
        var modal = $modal && ($modal[0] || $modal)
        if (modal && modal.querySelector) {
          addStyle()
          tell(modal.querySelector('.widget_settings_block__fields') || modal)
        }
        return true
      },
      advancedSettings: function () {
        addStyle()
        var code = self.get_settings().widget_code
        tell(/^[\w-]+$/.test(String(code)) ? document.getElementById('work-area-' + code) : null)
        return true
      },
      dpSettings: function () { return true },
      onInstall: function () { return true },
      onSave: function () { return true },
      destroy: function () {
        end()
        return true
      }
    }
    return this
  }
})
