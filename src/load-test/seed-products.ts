import type { Product } from '../product/index.js';

/** No scenario comes near it. */
const AMPLE_STOCK = 100_000_000;

/** Korean name, English name, price in won. */
const ARTICLES: ReadonlyArray<readonly [string, string, number]> = [
  ['무선 이어폰', 'Wireless earbuds', 89_000],
  ['기계식 키보드', 'Mechanical keyboard', 119_000],
  ['무선 마우스', 'Wireless mouse', 39_000],
  ['스마트폰 케이스', 'Phone case', 19_900],
  ['보조 배터리', 'Power bank', 34_900],
  ['블루투스 스피커', 'Bluetooth speaker', 59_000],
  ['탁상 시계', 'Desk clock', 24_900],
  ['책상 스탠드', 'Desk lamp', 45_000],
  ['여행용 백팩', 'Travel backpack', 79_000],
  ['에코백', 'Canvas tote bag', 15_900],
  ['반지갑', 'Bifold wallet', 49_000],
  ['캔버스 운동화', 'Canvas sneakers', 69_000],
  ['면 티셔츠', 'Cotton T-shirt', 17_900],
  ['후드 집업', 'Zip-up hoodie', 49_900],
  ['볼캡', 'Baseball cap', 22_000],
  ['울 목도리', 'Wool scarf', 32_000],
  ['발목 양말 5켤레', 'Ankle socks, 5 pairs', 9_900],
  ['실내화', 'House slippers', 12_900],
  ['접이식 우산', 'Folding umbrella', 18_500],
  ['머그컵', 'Mug', 11_000],
  ['보온 텀블러', 'Insulated tumbler', 27_000],
  ['수건 4장 세트', 'Towel set of 4', 23_900],
  ['극세사 담요', 'Microfibre blanket', 29_900],
  ['쿠션', 'Cushion', 16_500],
  ['양장 노트', 'Hardcover notebook', 8_500],
];

const COLOURS: ReadonlyArray<readonly [string, string]> = [
  ['화이트', 'white'],
  ['블랙', 'black'],
  ['네이비', 'navy'],
  ['베이지', 'beige'],
];

/** 100 products with the ids 1 to 100: each article in each colour. */
export function seedProducts(createdAt: Date): Product[] {
  return COLOURS.flatMap(([koreanColour, englishColour], colour) =>
    ARTICLES.map(([korean, english, price], article) => ({
      id: colour * ARTICLES.length + article + 1,
      name: `${korean} ${koreanColour} (${english}, ${englishColour})`,
      price,
      stock: AMPLE_STOCK,
      createdAt,
    })),
  );
}
