/** The application serves uPlot's own file under this name. */
export { default } from 'uplot';
