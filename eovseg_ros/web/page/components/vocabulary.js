// The words of the node as chips, and a line to type further ones. All text is text: no v-html.
export default {
  template: `
    <div class="vocabulary">
      <div class="heading"><h2 id="words">Vocabulary</h2><span class="version" role="status">{{ version }}</span></div>
      <form @submit.prevent="add">
        <input v-model="word" :disabled="!ready" maxlength="5200" autocomplete="off" spellcheck="false"
          aria-label="New class" placeholder="Type a word, then Enter" />
        <button type="submit" :disabled="!ready || !word.trim()">Add</button>
      </form>
      <p class="hint">mug, cup is one class with two names; floor|stuff has no single objects.</p>
      <div class="line">
        <label class="presets">Preset
          <select :disabled="!ready" :value="''" @change="preset($event)">
            <option value="" disabled>choose</option>
            <option v-for="name in presets" :key="name" :value="name">{{ name }}</option>
          </select>
        </label>
        <button type="button" :disabled="!ready || !undoable" @click="$emit('undo')">Undo</button>
      </div>
      <ul class="chips" aria-label="Vocabulary">
        <li v-for="chip in chips" :key="chip.entry" :class="{ chip: true, busy: chip.encoding }">
          <i :style="{ background: chip.colour }"></i><span class="names">{{ chip.names }}</span>
          <button v-if="!chip.set" type="button" class="kind" :disabled="!ready" :aria-label="chip.names + ' is ' + kind(chip) + '; change'"
            :title="'Make it ' + (chip.stuff ? 'a thing' : 'stuff')" @click="$emit('kind', chip.entry)">{{ kind(chip) }}</button>
          <span v-else class="kind">set</span>
          <button type="button" class="remove" :disabled="!ready" :aria-label="'Remove ' + chip.names" @click="remove(chip)">×</button>
          <span v-if="chip.encoding" class="busy-note">encoding …</span>
        </li>
        <li v-if="refusal" class="chip refused" role="alert">
          <span class="names">{{ refusal.entry }}</span>
          <button type="button" class="remove" :aria-label="'Dismiss ' + refusal.entry" @click="$emit('dismiss')">×</button>
          <span class="why">{{ refusal.message }}</span>
        </li>
      </ul>
    </div>`,
  props: { chips: Array, presets: Array, refusal: Object, undoable: Boolean, version: String, ready: Boolean },
  emits: ["add", "kind", "remove", "dismiss", "undo", "preset"],
  data: () => ({ word: "" }),
  methods: {
    kind: (chip) => (chip.stuff ? "stuff" : "thing"),
    add() {
      if (this.word.trim()) this.$emit("add", this.word);
      this.word = "";
    },
    remove(chip) {
      this.$emit("remove", chip.entry);
      this.$el.querySelector("input").focus(); // the button that has the focus goes away
    },
    preset(event) {
      this.$emit("preset", event.target.value);
      event.target.value = "";
    },
  },
};
