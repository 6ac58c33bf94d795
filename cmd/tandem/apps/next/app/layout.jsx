import localFont from 'next/font/local';
import { GeistSans } from 'geist/font/sans';
import Link from 'next/link';
import './style.css';

const mono = localFont({ src: '../node_modules/geist/dist/fonts/geist-mono/GeistMono-Variable.woff2', variable: '--mono' });

export const metadata = { title: { default: 'Notes', template: '%s – Notes' }, description: 'A few notes' };

export default function Layout({ children }) {
  return (
    <html lang="en" className={`${GeistSans.className} ${mono.variable}`}>
      <body>
        <nav><Link href="/">Notes</Link> <Link href="/about">About</Link></nav>
        <main>{children}</main>
      </body>
    </html>
  );
}
