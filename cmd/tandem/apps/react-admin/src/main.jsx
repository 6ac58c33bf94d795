import { createRoot } from 'react-dom/client';
import {
  Admin, DataTable, Edit, List, Resource, SelectInput, SimpleForm, TextInput, defaultDarkTheme, defaultLightTheme, required, useInput,
} from 'react-admin';
import { DesktopDatePicker } from '@mui/x-date-pickers/DesktopDatePicker';
import { LocalizationProvider } from '@mui/x-date-pickers/LocalizationProvider';
import { AdapterDayjs } from '@mui/x-date-pickers/AdapterDayjs';
import dayjs from 'dayjs';

async function ask(method, path, body) {
  const response = await fetch(`/api/${path}`, { method, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(response.status === 401 ? 'Wrong name or password' : response.statusText);
  return response.json();
}

const data = {
  async getList(resource, { pagination: { page, perPage }, sort: { field, order }, filter }) {
    return ask('GET', `${resource}?${new URLSearchParams({ page, perPage, field, order, ...filter })}`);
  },
  async getOne(resource, { id }) { return { data: await ask('GET', `${resource}/${id}`) }; },
  async getMany(resource, { ids }) { return { data: await Promise.all(ids.map((id) => ask('GET', `${resource}/${id}`))) }; },
  async update(resource, { id, data }) { return { data: await ask('PUT', `${resource}/${id}`, data) }; },
};

const auth = {
  async login({ username, password }) {
    await ask('POST', 'login', { username, password });
    localStorage.setItem('user', username);
  },
  async logout() { localStorage.removeItem('user'); },
  async checkAuth() { if (!localStorage.getItem('user')) throw new Error('Please sign in'); },
  async checkError() {},
  async getIdentity() { return { id: 1, fullName: localStorage.getItem('user') }; },
  async getPermissions() {},
};

const kinds = ['Gravenstein', 'Boskoop', 'Topaz', 'Elstar', 'Cox', 'Jonagold'].map((name) => ({ id: name, name }));
const filters = [<TextInput key="q" source="q" label="Search" alwaysOn />, <SelectInput key="wanted" source="wanted" label="Kind" choices={kinds} alwaysOn />];

const Trees = () => (
  <List filters={filters} perPage={10} sort={{ field: 'id', order: 'ASC' }}>
    <DataTable>
      <DataTable.Col source="id" />
      <DataTable.Col source="name" />
      <DataTable.Col source="kind" />
      <DataTable.NumberCol source="row" />
      <DataTable.Col source="planted" />
    </DataTable>
  </List>
);

function Planted() {
  const { field } = useInput({ source: 'planted' });
  return <DesktopDatePicker label="Planted" value={dayjs(field.value)} onChange={(day) => field.onChange(day?.format('YYYY-MM-DD'))} />;
}

const Tree = () => (
  <Edit mutationMode="pessimistic">
    <SimpleForm>
      <TextInput source="name" validate={required()} />
      <SelectInput source="kind" choices={kinds} />
      <Planted />
    </SimpleForm>
  </Edit>
);

createRoot(document.getElementById('root')).render(
  <LocalizationProvider dateAdapter={AdapterDayjs}>
    <Admin title="Orchard" dataProvider={data} authProvider={auth} theme={defaultLightTheme} darkTheme={defaultDarkTheme} defaultTheme="light" disableTelemetry>
      <Resource name="trees" list={Trees} edit={Tree} recordRepresentation="name" />
    </Admin>
  </LocalizationProvider>,
);
