import { mount } from 'svelte';
import App from './App.svelte';
import './page.css';
import { theme } from './state/theme.svelte';

theme.apply();
mount(App, { target: document.getElementById('page')! });
