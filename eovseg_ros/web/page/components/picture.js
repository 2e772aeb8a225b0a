// Fetches pictures one after another, as fast as this browser draws them, and outlines segments.
export default {
  template: `
    <div :class="{ picture: true, stale: !shown }" :style="{ aspectRatio: ratio }">
      <canvas ref="canvas" tabindex="0" role="img" :aria-label="label"
        @pointermove="point($event, false)" @pointerleave="leave" @click="point($event, true)"
        @keydown="move" @blur="leave"></canvas>
      <svg class="outline" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        <template v-for="(polygon, i) in outline" :key="i">
          <polygon class="edge" :points="polygon" /><polygon class="line" :points="polygon" />
        </template>
      </svg>
      <span v-if="cross" class="cross" aria-hidden="true"
        :style="{ left: 100 * cross.x + '%', top: 100 * cross.y + '%' }"></span>
      <span v-if="title" class="tag" role="status"><i :style="{ background: colour }"></i>{{ title }}</span>
      <p v-if="!shown" class="waiting">{{ problem || waiting }}</p>
    </div>`,
  props: { camera: String, kind: String, chosen: String, label: String, waiting: String },
  data: () => ({ ratio: "4 / 3", shown: false, problem: "", outline: [], title: "", colour: "", cross: null }),
  mounted() {
    this.open = true;
    this.place = null; // of the pointer, 0 to 1 across the picture
    this.pinned = false;
    this.fetchFrames();
    this.followSegment();
  },
  unmounted() {
    this.open = false;
    this.abort?.abort();
  },
  watch: {
    camera() { this.restart(); },
    kind() { this.restart(); },
    chosen() { this.place = this.cross = null; this.clear(); },
  },
  methods: {
    restart() {
      this.shown = false;
      this.clear();
      this.abort?.abort();
    },
    async fetchFrames() {
      let after = 0, source = "";
      while (this.open) {
        const query = `camera=${encodeURIComponent(this.camera)}&kind=${this.kind}`;
        if (query !== source) [source, after] = [query, 0];
        if (document.hidden) {
          await this.pause(300);
          continue;
        }
        this.abort = new AbortController();
        try {
          const answer = await fetch(`frame?${query}&after=${after}`, { signal: this.abort.signal });
          if (answer.status === 200) {
            const bitmap = await createImageBitmap(await answer.blob());
            after = Number(answer.headers.get("x-frame"));
            this.draw(bitmap, after, Number(answer.headers.get("x-stamp")));
          } else if (answer.status === 204) {
            this.shown = false;
          } else {
            this.shown = false;
            this.problem = answer.status === 415 ? await answer.text() : ""; // why it cannot be read
            await this.pause(500);
          }
        } catch {
          if (this.abort.signal.aborted) continue;
          this.shown = false;
          await this.pause(500);
        }
      }
    },
    draw(bitmap, number, stamp) {
      const canvas = this.$refs.canvas;
      if (!canvas) return;
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
        [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
        this.ratio = `${bitmap.width} / ${bitmap.height}`;
      }
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      this.shown = true;
      this.problem = "";
      canvas.dataset.frame = number;
      canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
      canvas.dataset.age = Date.now() / 1000 - stamp;
    },
    point(event, pin) {
      if (this.pinned && !pin) return;
      const box = this.$refs.canvas.getBoundingClientRect();
      this.place = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
      this.pinned = pin;
      this.cross = pin ? this.place : null;
      this.wake?.();
    },
    move(event) {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Escape") this.release();
      if (!step) return;
      event.preventDefault();
      const { x, y } = this.place ?? { x: 0.5, y: 0.5 };
      const clip = (value) => Math.min(Math.max(value, 0), 0.999);
      this.place = this.cross = { x: clip(x + step[0] * 0.02), y: clip(y + step[1] * 0.02) };
      this.pinned = true;
      this.wake?.();
    },
    leave(event) {
      if (event.type === "blur" || !this.pinned) this.release();
    },
    release() {
      this.pinned = false;
      this.place = this.cross = null;
      this.clear();
    },
    clear() {
      this.outline = [];
      this.title = "";
    },
    async followSegment() {
      while (this.open) {
        const asked = this.place ? `x=${this.place.x}&y=${this.place.y}` : this.chosen ? "key=" + encodeURIComponent(this.chosen) : "";
        if (asked && !document.hidden) {
          try {
            const answer = await fetch(`segment?camera=${encodeURIComponent(this.camera)}&${asked}`);
            const found = answer.ok ? await answer.json() : { pending: true };
            if (!found.pending && (this.place || this.chosen)) this.mark(found);
          } catch {
            this.clear();
          }
        }
        // Again soon: the outline follows the segment from frame to frame.
        await Promise.race([this.pause(asked ? 200 : 1000), new Promise((wake) => { this.wake = wake; })]);
      }
    },
    mark(found) {
      this.outline = found.outline.map((polygon) => polygon.map((corner) => corner.join(",")).join(" "));
      this.title = found.title;
      this.colour = found.colour ? `rgb(${found.colour.join(" ")})` : "";
    },
    pause(milliseconds) {
      return new Promise((resume) => setTimeout(resume, milliseconds));
    },
  },
};
