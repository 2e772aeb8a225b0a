// Parameters of the node as sliders. A value is sent when the slider is released.
export default {
  template: `
    <div class="settings">
      <div v-for="one in sliders" :key="one.name" class="setting">
        <label :for="'set-' + one.name">{{ one.title }}</label>
        <span class="value">{{ text(one) }}</span>
        <input type="range" :id="'set-' + one.name" :min="one.least" :max="one.most" step="0.01" :disabled="!ready"
          :value="value(one)" @input="drag(one, $event)" @change="send(one, $event)" :aria-valuetext="text(one)" />
        <span class="note">{{ one.explanation }}
          <button v-if="one.has_default" type="button" :disabled="!ready || one.value < 0"
            :aria-label="one.title + ': default of the variant'" @click="$emit('change', [one.name, -1])">default</button>
        </span>
        <span v-if="one.error" class="why" role="alert">{{ one.error }}</span>
      </div>
    </div>`,
  props: { sliders: Array, ready: Boolean },
  emits: ["change"],
  data: () => ({ dragged: {} }),
  methods: {
    value(one) {
      return this.dragged[one.name] ?? Math.max(one.value ?? one.least, one.least);
    },
    text(one) {
      if (this.dragged[one.name] === undefined && one.has_default && one.value < 0) return "default";
      return one.value === null ? "–" : Number(this.value(one)).toFixed(2);
    },
    drag(one, event) {
      this.dragged[one.name] = Number(event.target.value);
    },
    send(one, event) {
      this.$emit("change", [one.name, Number(event.target.value)]);
      setTimeout(() => delete this.dragged[one.name], 800); // until the node has answered
    },
  },
};
