/** What an application sees of a call that did not work. */

export function describeError(error) {
  const { name, code, message, methodName, serviceName, nodeId, correlationId } = error ?? {};
  return { name, code, message: String(message), methodName, serviceName, nodeId, correlationId, stack: error?.stack };
}

/** The error that `act` ends with, described; null when it works. */
export async function errorOf(act) {
  try {
    await act();
  } catch (error) {
    return describeError(error);
  }
  return null;
}
