// Compiled in the browser, so that no compiler has to be fitted to the bundler.
import 'zone.js';
import '@angular/compiler';
import { Component, provideZoneChangeDetection } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { bootstrapApplication } from '@angular/platform-browser';
import { capitals, empty, groups } from '../form.js';

class Form {
  form = { ...empty };
  capitals = capitals;
  groups = groups;
}
const template = `
  <form>
    <input id="name" name="name" [ngModel]="form.name" (ngModelChange)="form.name = capitals($event)">
    <input id="phone" name="phone" [ngModel]="form.phone" (ngModelChange)="form.phone = groups($event)">
    <textarea id="note" name="note" [(ngModel)]="form.note"></textarea>
    <input id="agree" name="agree" type="checkbox" [(ngModel)]="form.agree">
    <select id="size" name="size" [(ngModel)]="form.size"><option>S</option><option>M</option><option>L</option></select>
    <input id="count" name="count" type="number" [(ngModel)]="form.count">
    <p>{{ form.note.length }} characters</p>
  </form>`;

export default async (place) => {
  place.innerHTML = '<app-form></app-form>';
  const app = await bootstrapApplication(Component({ selector: 'app-form', imports: [FormsModule], template })(Form), { providers: [provideZoneChangeDetection()] });
  return () => JSON.stringify(app.components[0].instance.form);
};
