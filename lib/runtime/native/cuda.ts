/** GPUs (cards): which there are, their peak rates, and whether they reach each other's memory. */

import { addon, native, translated } from './addon.js';

/** The cards of this machine, or why there are none. */
export interface CudaInfo {
  /** Whether this build has a CUDA backend. */
  readonly built: boolean;
  /** Whether the cards are the emulator's, which tests use. */
  readonly emulated: boolean;
  /** Why there are no cards; empty where there are. */
  readonly problem: string;
  /** CUDA versions of the driver (0: none) and of this build, 13000 for 13.0. */
  readonly driver: number;
  readonly runtime: number;
  readonly cards: readonly CardInfo[];
}

export interface CardInfo {
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
  readonly free: number;
  /** 90 for 9.0. */
  readonly computeCapability: number;
  readonly multiprocessors: number;
  /** By index: whose memory the driver says this card can reach. */
  readonly peers: readonly boolean[];
}

/** Whether a pattern copied from each of two cards to the other arrived. */
export interface PeerCheck {
  /** What the driver says. */
  readonly granted: boolean;
  readonly works: boolean;
  /** What went wrong; empty where nothing did. */
  readonly problem: string;
  readonly milliseconds: number;
}

/** A card's peak rates, measured now in about two seconds; it should be idle otherwise. */
export interface CardPeak {
  /** 10⁹ bytes a second read and written by a copy too large for the caches. */
  readonly copyGigabytes: number;
  /** 10^12 operations a second from registers: float32 on the ordinary cores, mma.sync on the tensor cores (0: none). */
  readonly fp32Tflops: number;
  readonly tf32Tflops: number;
  readonly bf16Tflops: number;
}

interface CudaPart {
  cudaInfo(): CudaInfo;
  checkPeers(one: number, other: number, patienceMs: number): PeerCheck;
  measureCard(index: number): Promise<CardPeak>;
}

export const cudaInfo = (): CudaInfo => addon<CudaPart>().cudaInfo();

/** A process in which a copy did not finish cannot use these cards any more: lib/runtime/peers.ts makes one for it. */
export const checkPeers = (one: number, other: number, patienceMs: number): PeerCheck =>
  native(() => addon<CudaPart>().checkPeers(one, other, patienceMs));

export async function measureCard(index: number): Promise<CardPeak> {
  try {
    return await addon<CudaPart>().measureCard(index);
  } catch (error) {
    throw translated(error);
  }
}
