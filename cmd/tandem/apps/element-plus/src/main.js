import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import ElementPlus from 'element-plus';
import 'element-plus/dist/index.css';
import 'element-plus/theme-chalk/dark/css-vars.css';
import App from './App.vue';
import Login from './Login.vue';
import Bookings from './Bookings.vue';

const router = createRouter({
  history: createWebHistory(),
  routes: [{ path: '/', redirect: '/bookings' }, { path: '/login', component: Login }, { path: '/bookings', component: Bookings }],
});
router.beforeEach((to) => (to.path !== '/login' && !sessionStorage.getItem('user') ? '/login' : true));
createApp(App).use(router).use(ElementPlus).mount('#app');
