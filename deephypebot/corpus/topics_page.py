"""An interactive page of topics: a map of them, and the words of the one that is pointed at, by relevance.

After LDAvis (Sievert and Shirley 2014): the relevance of a word is L log p(word | topic) + (1 - L) log of p(word | topic) / p(word),
and a slider moves L. One file, no network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from deephypebot.corpus.topics import Floats, Topics

WORDS = 60  # of each topic, by probability and by lift, for the slider to order
SHOWN = 25


def topics_page(models: Sequence[Topics], title: str) -> str:
    """HTML of one or several numbers of topics, to choose between on the page."""
    data = json.dumps([_of_model(model) for model in models]).replace("<", "\\u003c")  # never ends the script
    return PAGE.replace("TITLE", escape(title)).replace("SHOWN", str(SHOWN)).replace("DATA", data)


def _of_model(topics: Topics) -> dict[str, Any]:
    probs, shares = topics.word_probs.astype(float), topics.shares
    overall = shares @ probs
    lift = probs / overall
    chosen = sorted(
        {int(i) for table in (probs, lift * np.sqrt(probs)) for row in table for i in np.argsort(-row)[:WORDS]}
    )
    return {
        "number": topics.number,
        "about": {
            name: topics.about.get(name) for name in ("sentences", "coherence", "nmi_with_kind", "kinds", "seed")
        },
        "shares": [round(float(share), 4) for share in shares],
        "places": [[round(float(x), 4) for x in place] for place in topic_map(probs)],
        "words": [topics.vocabulary[i] for i in chosen],
        "probs": [[float(f"{p:.3g}") for p in row[chosen]] for row in probs],
        "overall": [float(f"{p:.3g}") for p in overall[chosen]],
        "examples": topics.examples,
    }


def topic_map(probs: Floats) -> Floats:
    """Topics (K, V) -> places (K, 2), as far from each other as their Jensen-Shannon distances: classical scaling (Torgerson 1952)."""
    number = len(probs)
    squared = np.array([[_divergence(p, q) for q in probs] for p in probs])
    centre = np.eye(number) - 1 / number
    values, vectors = np.linalg.eigh(-0.5 * centre @ squared @ centre)
    places = vectors[:, ::-1][:, :2] * np.sqrt(np.clip(values[::-1][:2], 0, None))
    result: Floats = places / max(1e-9, float(np.abs(places).max()))
    return result


def _divergence(p: Floats, q: Floats) -> float:
    """Jensen-Shannon, nats."""
    middle = (p + q) / 2
    return float(0.5 * (p * np.log(p / middle) + q * np.log(q / middle)).sum())


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>TITLE</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #223; background: #fbfaf7; margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1rem; margin: 1rem 0 .3rem }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 2rem }
svg { width: 100%; background: #fff; border: 1px solid #ddd8cc; border-radius: 6px }
circle { fill: #b8c4d8; stroke: #5d6f8f; cursor: pointer } circle.on { fill: #d9703c; stroke: #8f3d14 }
circle:focus-visible { outline: none; stroke-width: 4 }
svg text { pointer-events: none; font-size: 13px; text-anchor: middle; dominant-baseline: central }
.word { display: grid; grid-template-columns: 8rem 1fr; align-items: center; font-size: .9rem }
.bar { position: relative; height: .9rem; background: #dfe5ee } .bar i { position: absolute; inset: 0 auto 0 0; background: #d9703c }
label { display: block; margin: .4rem 0 } li { margin: .3rem 0 } #about { color: #667 } input[type=range] { width: 60%; vertical-align: middle }
</style>
<h1>TITLE</h1>
<label>Number of topics <select id="model"></select></label><p id="about"></p>
<main><section><svg id="map" viewBox="-130 -130 260 260" role="group" aria-label="map of the topics"></svg>
<h2 id="name"></h2><p id="kinds"></p><ol id="examples"></ol></section>
<section><label>Relevance: frequent words <input id="lambda" type="range" min="0" max="1" step="0.05" value="0.6"> <output id="at"></output></label>
<p>Bars: how often the word stands in all text; in colour, in this topic.</p><div id="words"></div></section></main>
<script>
const models = DATA, at = id => document.getElementById(id)
let model = models[0], topic = 0
const make = (parent, name, text, attributes = {}) => {
  const svg = parent.closest('svg')
  const node = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name)
  if (text !== null) node.textContent = text
  for (const key in attributes) node.setAttribute(key, attributes[key])
  return parent.appendChild(node)
}
const fixed = (number, digits) => number === null || number === undefined ? 'unknown' : number.toFixed(digits)
function showMap() {
  at('map').replaceChildren()
  model.places.forEach(([x, y], k) => {
    const radius = 55 * Math.sqrt(model.shares[k]), place = { cx: 90 * x, cy: 90 * y, r: radius, tabindex: 0, role: 'button' }
    const circle = make(at('map'), 'circle', null, { ...place, 'aria-label': 'topic ' + k, class: k === topic ? 'on' : '' })
    const choose = () => { topic = k; show() }
    circle.onclick = choose
    circle.onkeydown = event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(); at('map').querySelectorAll('circle')[k].focus() } }
    make(at('map'), 'text', k, { x: 90 * x, y: 90 * y })
  })
}
function showWords() {
  const weight = Number(at('lambda').value), own = model.probs[topic]
  at('at').textContent = weight.toFixed(2)
  const relevance = i => weight * Math.log(own[i]) + (1 - weight) * Math.log(own[i] / model.overall[i])
  const best = model.words.map((_, i) => i).sort((i, j) => relevance(j) - relevance(i)).slice(0, SHOWN)
  const widest = Math.max(...best.map(i => model.overall[i]))
  at('words').replaceChildren()
  for (const i of best) {
    const row = make(at('words'), 'div', null, { class: 'word' })
    make(row, 'span', model.words[i])
    const bar = make(row, 'span', null, { class: 'bar' })
    bar.style.width = 100 * model.overall[i] / widest + '%'
    make(bar, 'i', '').style.width = Math.min(100, 100 * own[i] * model.shares[topic] / model.overall[i]) + '%'
  }
}
function show() {
  const { about } = model
  at('about').textContent = `${about.sentences} sentences, seed ${about.seed}. Coherence (NPMI) ${fixed(about.coherence, 3)}; match with kinds (NMI) ${fixed(about.nmi_with_kind, 3)}.`
  at('name').textContent = `Topic ${topic}: ${(100 * model.shares[topic]).toFixed(1)}% of the words`
  const kinds = about.kinds ? Object.entries(about.kinds[topic]) : []
  at('kinds').textContent = kinds.map(([kind, number]) => `${kind} ${number}`).join(', ')
  at('examples').replaceChildren()
  for (const text of model.examples[topic]) make(at('examples'), 'li', text)
  showMap(); showWords()
}
models.forEach((one, i) => make(at('model'), 'option', one.number, { value: i }))
at('model').onchange = event => { model = models[event.target.value]; topic = 0; show() }
at('lambda').oninput = showWords
show()
</script></html>
"""
