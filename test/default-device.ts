/** Makes tensors, in tests that name no device, where TENON_TEST_DEVICE says. */
import { setDefaultDevice, type DeviceLike } from 'tenon';

setDefaultDevice(process.env.TENON_TEST_DEVICE as DeviceLike);
