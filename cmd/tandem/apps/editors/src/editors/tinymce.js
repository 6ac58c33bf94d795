import tinymce from 'tinymce';
import 'tinymce/models/dom';
import 'tinymce/themes/silver';
import 'tinymce/icons/default';
import 'tinymce/skins/ui/oxide/skin.js';
import 'tinymce/skins/content/default/content.js';
import 'tinymce/skins/ui/oxide/content.js';

export default async (place) => {
  place.innerHTML = '<textarea></textarea>';
  const [editor] = await tinymce.init({ selector: 'textarea', license_key: 'gpl', height: 300, promotion: false, branding: false, skin: 'oxide', content_css: 'default' });
  return () => editor.getContent();
};
