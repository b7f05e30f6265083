import {
  create,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';

/** What is not UTF-8 is refused; by itself a TextDecoder makes U+FFFD of it. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** A client that is newer than we are may know fields that we do not. */
export const JSON_OPTIONS = { ignoreUnknownFields: true, textDecoder: UTF_8 };

/** Kept, each unknown field of two bytes would be an object: 64 KiB would become megabytes. */
export const BINARY_OPTIONS = { readUnknownFields: false };

/** How messages are written as bytes. */
export interface MessageFormat {
  readonly contentType: string;
  read<M extends DescMessage>(type: M, bytes: Buffer): MessageShape<M>;
  write<M extends DescMessage>(type: M, message: MessageInitShape<M>): Buffer;
}

export const JSON_FORMAT: MessageFormat = {
  contentType: 'application/json',
  read: (type, bytes) => fromJsonString(type, UTF_8.decode(bytes), JSON_OPTIONS),
  write: (type, message) => Buffer.from(toJsonString(type, create(type, message))),
};

export const BINARY_FORMAT: MessageFormat = {
  contentType: 'application/proto',
  read: (type, bytes) => fromBinary(type, bytes, BINARY_OPTIONS),
  write: (type, message) => Buffer.from(toBinary(type, create(type, message))),
};
