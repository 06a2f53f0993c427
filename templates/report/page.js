'use strict';
// What the page does beyond being read: values at a place, logarithmic axes, smoothing, copying.
const SVG = 'http://www.w3.org/2000/svg';
const logBox = document.getElementById('log');
const smoothRange = document.getElementById('smooth');

function make(name, attributes, around) {
  const element = document.createElementNS(SVG, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  around.append(element);
  return element;
}

function shown(value) {
  if (value === null || value === undefined) return 'nan';
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return String(Number(value.toPrecision(6)));
}

// A moving average that begins unbiased, as the steps of a curve are evenly apart.
function smoothed(values, weight) {
  let sum = 0, mass = 0;
  return values.map(value => {
    if (value === null || weight === 0) return value;
    sum = sum * weight + value;
    mass = mass * weight + 1;
    return sum / mass;
  });
}

class Chart {
  constructor(figure) {
    this.figure = figure;
    this.data = JSON.parse(figure.querySelector('script').textContent);
    this.plain = 'plain' in figure.dataset;
    this.svg = figure.querySelector('svg');
    this.paths = [...figure.querySelectorAll('.lines path')];
    this.values = [...figure.querySelectorAll('.legend b')];
    this.last = this.values.map(value => value.textContent);
    this.grid = figure.querySelector('.grid');
    this.linear = [...this.grid.childNodes];
    this.places = [...new Set(this.data.lines.flatMap(line => line.x))].sort((a, b) => a - b);
    this.draw();
    if (this.places.length > 1) this.addPicker();
  }

  x(value) {
    const [left, , right] = this.data.box, [low, high] = this.data.x;
    return left + (right - left) * (value - low) / (high - low);
  }

  y(value) {
    const [, top, , bottom] = this.data.box, [low, high] = this.ends;
    return bottom - (bottom - top) * (this.scale(value) - low) / (high - low);
  }

  // The ends of the y axis and its lines: those of the file, or powers of ten and what is between.
  setScale() {
    const positive = this.data.lines.flatMap(line => line.y).filter(value => value > 0);
    this.isLog = logBox && logBox.checked && !this.plain && positive.length > 0;
    this.scale = this.isLog ? value => value > 0 ? Math.log10(value) : NaN : value => value;
    this.ends = this.data.y;
    this.grid.replaceChildren(...this.linear);
    if (!this.isLog) return;
    let low = Infinity, high = -Infinity;
    for (const value of positive) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    low = Math.floor(Math.log10(low) * 4) / 4;
    high = Math.max(Math.ceil(Math.log10(high) * 4) / 4, low + 0.25);
    this.ends = [low, high];
    this.grid.replaceChildren();
    const [left, , right] = this.data.box, span = high - low;
    const factors = span > 2 ? [1] : span > 0.75 ? [1, 2, 5] : span > 0.5 ? [1, 1.5, 2, 3, 4, 5, 7]
                                                        : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];
    for (let tens = Math.floor(low); tens <= high; tens += Math.ceil(span / 10))
      for (const factor of factors) this.addLine(factor * 10 ** tens, left, right, low, high);
  }

  addLine(value, left, right, low, high) {
    const place = Math.log10(value);
    if (place < low - 1e-9 || place > high + 1e-9) return;
    make('path', {d: 'M' + left + ' ' + this.y(value) + 'H' + right}, this.grid);
    make('text', {x: left - 6, y: this.y(value) + 4, class: 'y'}, this.grid).textContent =
        String(Number(value.toPrecision(3)));
  }

  pathOf(xs, ys) {
    let text = '', drawn = false;
    xs.forEach((x, i) => {
      const y = ys[i] === null ? NaN : this.y(ys[i]);
      if (!Number.isNaN(y)) text += (drawn ? 'L' : 'M') + this.x(x).toFixed(1) + ' ' + y.toFixed(1) + (drawn ? '' : 'h0');
      drawn = !Number.isNaN(y);
    });
    return text;
  }

  draw() {
    this.setScale();
    const weight = this.plain || !smoothRange ? 0 : Number(smoothRange.value);
    this.figure.querySelectorAll('.raw').forEach(path => path.remove());
    this.data.lines.forEach((line, i) => {
      const path = this.paths[i];
      path.setAttribute('d', this.pathOf(line.x, smoothed(line.y, weight)));
      if (weight === 0) return;
      const raw = path.cloneNode();
      raw.setAttribute('d', this.pathOf(line.x, line.y));
      raw.classList.add('raw');
      path.before(raw);
    });
  }

  // Of line i at that place; a plain line has values between its points, too.
  at(line, place) {
    const i = line.x.lastIndexOf(place), next = line.x.findIndex(x => x > place);
    if (i >= 0 || !this.plain || next < 1) return i < 0 ? undefined : line.y[i];
    const part = (place - line.x[next - 1]) / (line.x[next] - line.x[next - 1]);
    return line.y[next - 1] + part * (line.y[next] - line.y[next - 1]);
  }

  // A slider chooses the place whose values the legend has: by keys, a finger, or the pointer above.
  addPicker() {
    const label = document.createElement('label'), name = this.figure.dataset.x;
    const range = document.createElement('input'), output = document.createElement('output');
    label.className = 'pick';
    range.type = 'range';
    range.max = this.places.length - 1;
    range.value = range.max;
    range.setAttribute('aria-label', this.figure.querySelector('figcaption').textContent + ', ' + name);
    label.append(name, range, output);
    this.figure.querySelector('.legend').before(label);
    this.slider = range;
    this.output = output;
    this.cursor = make('path', {class: 'cursor'}, this.svg);
    range.addEventListener('input', () => this.pick(Number(range.value)));
    this.svg.addEventListener('pointermove', event => this.follow(event));
    this.svg.addEventListener('pointerleave', () => this.leave());
    this.leave();
  }

  follow(event) {
    const box = this.svg.getBoundingClientRect(), width = this.svg.viewBox.baseVal.width;
    const at = (event.clientX - box.left) / box.width * width;
    let best = 0;
    this.places.forEach((place, i) => {
      if (Math.abs(this.x(place) - at) < Math.abs(this.x(this.places[best]) - at)) best = i;
    });
    this.slider.value = best;
    this.pick(best);
  }

  pick(index) {
    this.figure.classList.add('picked');
    const place = this.places[index], [, top, , bottom] = this.data.box;
    this.cursor.setAttribute('d', 'M' + this.x(place).toFixed(1) + ' ' + top + 'V' + bottom);
    this.output.textContent = shown(place);
    this.data.lines.forEach((line, i) => {
      const value = this.at(line, place);
      this.values[i].textContent = value === undefined ? '-' : shown(value);
    });
    const said = this.values.map(value => value.parentNode.childNodes[1].textContent.trim() + ' ' + value.textContent);
    this.slider.setAttribute('aria-valuetext', this.figure.dataset.x + ' ' + shown(place) + ': ' + said.join(', '));
  }

  leave() {
    this.slider.value = this.slider.max;
    this.pick(this.places.length - 1);
    this.figure.classList.remove('picked');
    this.output.textContent = this.plain ? '' : 'last';
    this.cursor.setAttribute('d', '');
    this.values.forEach((value, i) => value.textContent = this.last[i]);
  }
}

const charts = [...document.querySelectorAll('figure.chart')].map(figure => new Chart(figure));

if (logBox) {
  const output = document.querySelector('output[for=smooth]');
  document.querySelector('.controls').hidden = false;
  logBox.addEventListener('change', () => charts.forEach(chart => chart.draw()));
  smoothRange.addEventListener('input', () => {
    output.textContent = smoothRange.value;
    charts.forEach(chart => chart.draw());
  });
}

// Runs that are not wanted: their curves have the colour of their number.
for (const box of document.querySelectorAll('input.shows'))
  box.addEventListener('change', () => {
    for (const path of document.querySelectorAll('#curves ~ .charts figure path.c' + box.value))
      (path.closest('li') || path).classList.toggle('off', !box.checked);
  });

function say(text) {
  document.getElementById('said').textContent = text;
}

// The button says for a while what came of it, the end of the page for longer.
async function copy(text, button) {
  const name = button.dataset.name = button.dataset.name || button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'copied';
    say('copied ' + text);
  } catch (error) {
    button.textContent = 'not copied';
    say('the browser does not let this page copy; select the text instead');
  }
  setTimeout(() => button.textContent = name, 1500);
}

for (const code of document.querySelectorAll('code.hash')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'copy';
  button.setAttribute('aria-label', 'copy ' + code.textContent.slice(0, 12));
  button.addEventListener('click', () => copy(code.textContent, button));
  code.after(' ', button);
}

{
  const table = document.getElementById('fact-table'), button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'copy all';
  const lines = [...table.rows].map(row => [...row.cells].map(cell => (cell.querySelector('code') || cell).textContent.trim().replace(/\s+/g, ' ')).join('\t'));
  button.addEventListener('click', () => copy(lines.join('\n'), button));
  document.getElementById('facts').after(button);
}

// Paper has no folds.
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details:not([open])')];
  folded.forEach(details => details.open = true);
});
addEventListener('afterprint', () => folded.forEach(details => details.open = false));
