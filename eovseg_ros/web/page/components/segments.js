// The segments as a table; the name of one is a button that outlines it in the picture.
const COLUMNS = [
  ["track", "Track"], ["name", "Name"], ["score", "Score"], ["area", "Area"], ["position", "Position, m"],
];
export default {
  template: `
    <div class="segments">
      <table v-if="rows.length">
        <caption class="unseen">Segments of the newest frame</caption>
        <thead><tr><th v-for="[key, title] in columns" :key="key" :class="key" scope="col"
          :aria-sort="key === by ? (down ? 'descending' : 'ascending') : 'none'">
          <button type="button" @click="sort(key)">{{ title }}<span aria-hidden="true">{{ key === by ? (down ? " ▾" : " ▴") : "" }}</span></button>
        </th></tr></thead>
        <tbody><tr v-for="row in sorted" :key="row.key" :class="{ chosen: row.key === chosen }">
          <td class="track">{{ row.track || "–" }}</td>
          <th class="name" scope="row"><button type="button" :aria-label="'Outline ' + row.name"
            :aria-pressed="row.key === chosen ? 'true' : 'false'"
            @click="$emit('choose', row.key === chosen ? '' : row.key)"><i :style="{ background: row.colour }"></i><span>{{ row.name }}</span></button></th>
          <td class="score">{{ Math.round(100 * row.score) }} %</td>
          <td class="area">{{ row.area.toFixed(row.area < 10 ? 1 : 0) }} %</td>
          <td v-if="spatial" class="position">{{ row.position || "–" }}</td>
        </tr></tbody>
      </table>
      <p v-else class="empty">{{ empty }}</p>
    </div>`,
  props: { rows: Array, spatial: Boolean, chosen: String, empty: String },
  emits: ["choose"],
  data: () => ({ by: "area", down: true }),
  computed: {
    columns() { return COLUMNS.filter(([key]) => key !== "position" || this.spatial); },
    sorted() {
      const sign = this.down ? -1 : 1, by = this.by === "position" ? "distance" : this.by;
      const value = (row) => row[by] ?? Infinity;
      const order = (a, b) => (value(a) > value(b)) - (value(a) < value(b)) || (a.key > b.key) - (a.key < b.key);
      return [...this.rows].sort((a, b) => sign * order(a, b));
    },
  },
  methods: {
    sort(key) {
      this.down = this.by === key ? !this.down : key === "area" || key === "score";
      this.by = key;
    },
  },
};
