import { Binary } from 'mongodb';
