// What a reader does with the page, and what must come of it; the title says what does not.
(async () => { try {
  const figure = document.querySelector('figure.chart');
  const line = figure.querySelector('.lines path'), value = figure.querySelector('.legend b');
  const slider = figure.querySelector('.pick input'), log = document.getElementById('log');
  const smooth = document.getElementById('smooth');
  const wanted = (truth, what) => { if (!truth) throw new Error(what); };
  const set = (input, to) => { input.value = to; input.dispatchEvent(new Event('input')); };

  const linear = line.getAttribute('d'), last = value.textContent;
  log.click();
  wanted(line.getAttribute('d') !== linear, 'logarithmic axes are as linear ones');
  log.click();
  wanted(line.getAttribute('d') === linear, 'linear axes do not come back');
  set(smooth, '0.5');
  wanted(figure.querySelector('.raw').getAttribute('d') === linear, 'what is smoothed is gone');
  // (1.0625 / 2 + 0.5) / 1.5 and ((1.0625 / 2 + 0.5) / 2 + 0.125) / 1.75 on an axis from 0 to 1.5
  wanted(line.getAttribute('d').endsWith('L233.0 116.2L410.0 158.2'), 'smooth is ' + line.getAttribute('d'));
  set(smooth, '0');
  wanted(line.getAttribute('d') === linear && !figure.querySelector('.raw'), 'smooth stays');

  const shows = document.querySelector('input.shows');
  if (shows) {
    shows.click();
    wanted(getComputedStyle(line).display === 'none', 'a run that is not wanted is shown');
    shows.click();
    wanted(getComputedStyle(line).display !== 'none', 'a run does not come back');
  }

  const before = () => JSON.parse(getComputedStyle(value, '::before').content);
  wanted(before() === 'last ', 'at rest the legend says ' + before());
  wanted(slider.nextSibling.textContent === 'last', 'at rest the slider is at ' + slider.nextSibling.textContent);
  set(slider, '0');
  wanted(value.textContent === '1.0625', 'epoch 1 is ' + value.textContent);
  wanted(before() === 'here ', 'at a place the legend says ' + before());
  wanted(slider.getAttribute('aria-valuetext').startsWith('epoch 1: '), 'the slider says nothing');
  figure.querySelector('svg').dispatchEvent(new PointerEvent('pointerleave'));
  wanted(value.textContent === last, 'the last value does not come back');
  wanted(slider.value === slider.max, 'the slider does not go back');
  const box = figure.querySelector('svg').getBoundingClientRect();
  figure.querySelector('svg').dispatchEvent(new PointerEvent('pointermove', {clientX: box.left + 60}));
  wanted(value.textContent === '1.0625', 'under the pointer is ' + value.textContent);

  const plain = document.querySelector('figure[data-plain]');
  if (plain) {
    const [kind, chance] = plain.querySelectorAll('.legend b');
    const drawn = plain.querySelector('.lines path').getAttribute('d'), range = plain.querySelector('.pick input');
    set(range, '1');
    wanted(kind.textContent === '0.5' && chance.textContent === '0.333333',
           'between points are ' + kind.textContent + ' and ' + chance.textContent);
    set(range, '0');
    wanted(kind.textContent === '0.5', 'the last of several points at a place is ' + kind.textContent);
    log.click();
    set(smooth, '0.5');
    wanted(plain.querySelector('.lines path').getAttribute('d') === drawn, 'curves of scores are smoothed');
    set(smooth, '0');
    log.click();
  }

  for (const drawing of document.querySelectorAll('figure.chart > svg')) {
    const texts = [...drawing.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    texts.forEach(([a, one], i) => texts.slice(i + 1).forEach(([b, two]) => wanted(
        one.right <= two.left || two.right <= one.left || one.bottom - 3 <= two.top || two.bottom - 3 <= one.top,
        a + ' is written over ' + b)));
  }

  const button = document.querySelector('code.hash + button');
  Object.defineProperty(navigator, 'clipboard', {value: {writeText: async text => copied = text}});
  let copied = '';
  button.click();
  await new Promise(done => setTimeout(done, 50));
  wanted(copied === button.previousElementSibling.textContent, 'copied is ' + copied);
  wanted(button.textContent === 'copied', 'the button says ' + button.textContent);

  wanted(document.querySelectorAll('code.hash + button').length > 2, 'no buttons to copy hashes');
  wanted(!document.querySelector('.controls').hidden, 'the controls are hidden');
  wanted(document.documentElement.scrollWidth <= innerWidth, 'the page is wider than its window');
  document.title = 'right';
} catch (error) {
  document.title = error.message;
} })();
