import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { uuidV5 } from './identity.ts';
import type { ModelPublished } from './records.ts';

/** A model before it is sealed. */
export type UnsealedModel = Omit<ModelPublished, 'digest' | 'key_id' | 'signature'>;

/** Puts a digest under a key: Ed25519 gives the same signature for the same digest at every replay. */
export interface ModelSigner {
  readonly keyId: string;
  sign(digest: string): string;
}

/** What keeps a model from being believed. */
export type SealFault = 'digest' | 'unknown_key' | 'signature';

/** The key of the record of a version in `models`. */
export function modelKey(version: number): string {
  return uuidV5(`model/${version}`);
}

/** SHA-256 over all fields in their order, bytes as base64. */
export function modelDigest(model: UnsealedModel): string {
  const { version, features, click_calibration, view_calibration, trained_next, examples, clicks, views } = model;
  const { checked: c, published_at } = model;
  const canonical = [
    version,
    features,
    Buffer.from(model.click_weights).toString('base64'),
    Buffer.from(model.view_weights).toString('base64'),
    [...click_calibration],
    [...view_calibration],
    [trained_next, examples, clicks, views],
    [c.examples, c.clicks, c.predicted_clicks_milli, c.log_loss_nano, c.prior_log_loss_nano],
    [c.views, c.predicted_views_milli],
    published_at,
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}

export function sealModel(model: UnsealedModel, signer: ModelSigner): ModelPublished {
  const digest = modelDigest(model);
  return { ...model, digest, key_id: signer.keyId, signature: signer.sign(digest) };
}

/** Null if the model is what the owner of a known key signed. */
export function sealFault(model: ModelPublished, keyOf: (keyId: string) => KeyObject | null): SealFault | null {
  if (modelDigest(model) !== model.digest) return 'digest';
  const key = keyOf(model.key_id);
  if (key === null) return 'unknown_key';
  const signature = Buffer.from(model.signature, 'base64');
  return verify(null, signedBytes(model.digest), key, signature) ? null : 'signature';
}

/** What is signed says what it is for, so that a signature can't be taken for that of something else. */
function signedBytes(digest: string): Uint8Array {
  return Buffer.from(`adtally model 1 ${digest}`);
}

/** PKCS #8 of an Ed25519 key but for its 32 bytes (RFC 8410). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
/** SubjectPublicKeyInfo but for its 32 bytes. */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

/** @param secret 32 random bytes */
export function modelSigner(keyId: string, secret: Uint8Array): ModelSigner {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, secret]), format: 'der', type: 'pkcs8' });
  return { keyId, sign: (digest) => sign(null, signedBytes(digest), key).toString('base64') };
}

/** The 32 bytes by which others verify what a secret signs. */
export function publicBytesOf(secret: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, secret]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spkiHead.length);
}

export function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiHead, bytes]), format: 'der', type: 'spki' });
}
