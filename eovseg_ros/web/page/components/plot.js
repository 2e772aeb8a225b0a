// One number over the last minutes.
const [WIDTH, HEIGHT] = [300, 64];
const LONGEST_PERIOD = 11; // seconds between two values; the node sends one at least every 10
export default {
  template: `
    <figure class="plot">
      <figcaption><span>{{ title }}</span><b>{{ newest }} {{ unit }}</b></figcaption>
      <svg :viewBox="'0 0 ${WIDTH} ${HEIGHT}'" preserveAspectRatio="none" role="img" :aria-label="title + ' of the last minutes'">
        <line x1="0" :x2="${WIDTH}" y1="${HEIGHT - 1}" y2="${HEIGHT - 1}" class="axis" />
        <polyline v-for="(line, i) in lines" :key="i" :points="line" class="curve" />
      </svg>
      <div class="scale"><span>−{{ minutes }} min</span><span>0 to {{ most }} {{ unit }}</span><span>now</span></div>
    </figure>`,
  props: { title: String, unit: String, samples: Array, minutes: Number },
  computed: {
    known() { return this.samples.filter(([, value]) => value !== null); },
    most() {
      const largest = Math.max(...this.known.map(([, value]) => value), 1);
      const step = 10 ** Math.floor(Math.log10(largest));
      return [1, 2, 5, 10].map((n) => n * step).find((n) => n >= largest);
    },
    newest() {
      const last = this.samples.at(-1)?.[1] ?? null;
      return last === null ? "–" : last.toFixed(last < 100 ? 1 : 0);
    },
    lines() { // with gaps where there is no value, or where nobody watched
      const end = this.samples.at(-1)?.[0] ?? 0, parts = [[]];
      let before = 0;
      for (const [time, value] of this.samples) {
        if (value === null || time - before > LONGEST_PERIOD) parts.push([]);
        before = time;
        if (value !== null) parts.at(-1).push(`${WIDTH * (1 - (end - time) / (60 * this.minutes))},${(HEIGHT - 2) * (1 - value / this.most) + 1}`);
      }
      return parts.filter((part) => part.length > 1).map((part) => part.join(" "));
    },
  },
};
