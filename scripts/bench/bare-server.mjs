/**
 * What echo answers, by Fastify alone: no Nest, no validation, no metrics, nothing of ours. So the benchmark knows what
 * the machine and Node can do at that hour. Listens on PORT.
 */
import Fastify from 'fastify';

const fastify = Fastify();
let count = 0;

fastify.post('/load-test/echo/:couponId', async (request, reply) => {
  const { couponId } = /** @type {{ couponId: string }} */ (request.params);
  const { userId } = /** @type {{ userId: number }} */ (request.body);
  count += 1;
  void reply.header('location', `/api/coupons/${couponId}/reservations/${userId}`);
  const message = `Reserved: you are number ${count}. Your coupon is being issued.`;
  return { couponId: Number(couponId), userId, sequenceNumber: count, status: 'RESERVED', message };
});
fastify.get('/health/live', async () => ({ status: 'ok' }));

await fastify.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
