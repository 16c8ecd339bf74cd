import { runStoreSuite } from "@heddle/testing";
import { openMemoryStore } from "heddle/internal";

runStoreSuite("openMemoryStore", async () => openMemoryStore(), { rounds: 20 });
